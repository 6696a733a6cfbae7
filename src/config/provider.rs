//! Named ways to authenticate.

mod api_key;
mod claims;
mod jwt;
mod location;
mod opaque;

use crate::config::decode::node::Node;
use crate::config::decode::record::{Field, FieldRule, Record as _};
use crate::config::decode::{Decode, Named, name, pairs};
use crate::config::{ConfigErrors, Keyword, Path};

pub use api_key::{ApiKeyCredential, ApiKeyProvider, KeyMaterial};
pub(crate) use api_key::{ApiKeyRef, KeyRef};
pub(crate) use claims::path_of_claim;
pub use claims::{Accepted, ConsumerClaim, ConsumerClaimBy, UnknownConsumer};
pub use jwt::{
    ConsumerKeys, DiscoveredKeys, ExpiryRequirement, ForeignIssuer, InlineKeys, JwtCredential,
    JwtKeys, JwtProvider, RemoteKeys, SecretEncoding, TokenKey,
};
pub(crate) use jwt::{JwtRef, TokenKeyRef};
pub use location::Location;
pub(crate) use opaque::OpaqueRef;
pub use opaque::{
    ClientAuthenticationBy, IntrospectedTokens, IntrospectionClient, IntrospectionEndpoint,
    OpaqueCredential, OpaqueProvider,
};

one_of! {
    /// A way to authenticate.
    pub enum Provider {
        /// By a key that the client sends with each request.
        "apiKey" ApiKey(ApiKeyProvider);
        /// By a signed JSON Web Token.
        "jwt" Jwt(Box<JwtProvider>);
        /// By a token about which its server is asked.
        "opaque" Opaque(Box<OpaqueProvider>);
    }
}

impl Provider {
    /// The kind: the name of its field. Documents of consumers are shared where it and
    /// `credentials` are the same.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => ApiKeyProvider::KIND,
            Self::Jwt(_) => JwtProvider::KIND,
            Self::Opaque(_) => OpaqueProvider::KIND,
        }
    }

    /// What the reading of consumers' credentials depends on, beside the kind.
    pub(crate) fn credentials(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => "",
            Self::Jwt(provider) => provider.credentials(),
            Self::Opaque(provider) => provider.credentials(),
        }
    }

    /// Where its credentials are read from.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        match self {
            Self::ApiKey(provider) => &provider.from,
            Self::Jwt(provider) => &provider.from,
            Self::Opaque(provider) => &provider.from,
        }
    }

    /// The realm that its challenge names, where it names one.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        match self {
            Self::ApiKey(provider) => Some(&provider.realm),
            Self::Jwt(provider) => Some(&provider.realm),
            Self::Opaque(provider) => Some(&provider.realm),
        }
    }

    /// The header fields that it writes for the upstream. No client may send them.
    #[must_use]
    pub fn headers(&self) -> Vec<&str> {
        match self {
            Self::ApiKey(_) => Vec::new(),
            Self::Jwt(provider) => provider.headers(),
            Self::Opaque(provider) => provider.headers(),
        }
    }
}

/// The fields of a kind's records, by the record's name: the provider, and a consumer's credential.
pub(super) fn record(name: &str) -> Option<(&'static [Field], &'static [FieldRule])> {
    Some(match name {
        "ApiKeyProvider" => (ApiKeyProvider::FIELDS, ApiKeyProvider::RULES),
        "ApiKeyCredential" => (
            api_key::WrittenApiKey::FIELDS,
            api_key::WrittenApiKey::RULES,
        ),
        "Location" => (
            location::WrittenLocation::FIELDS,
            location::WrittenLocation::RULES,
        ),
        _ => {
            return claims::record(name)
                .or_else(|| jwt::record(name))
                .or_else(|| opaque::record(name));
        }
    })
}

/// The words of a kind's choices, by the choice's name.
pub(super) fn choice(name: &str) -> Option<&'static [Keyword]> {
    claims::choice(name)
        .or_else(|| jwt::choice(name))
        .or_else(|| opaque::choice(name))
}

/// The providers of a policy, by name. `none` is no name, because requirements use it.
pub(super) fn providers(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<Provider>>> {
    pairs(provider_name, Provider::decode, node, at, errors)
}

fn provider_name(written: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    if written == "none" {
        errors.push(
            at,
            "`none` is no name for a provider: it means that a route asks for nothing",
        );
        return None;
    }
    name(written, at, errors)
}
