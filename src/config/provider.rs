//! Named ways to authenticate.

mod api_key;
mod location;

use crate::config::decode::node::Node;
use crate::config::decode::record::{Field, FieldRule, Record as _};
use crate::config::decode::{Decode, Named, name, pairs};
use crate::config::{ConfigErrors, Path};

pub use api_key::{ApiKeyCredential, ApiKeyProvider, KeyMaterial};
pub(crate) use api_key::{ApiKeyRef, KeyRef};
pub use location::Location;

one_of! {
    /// A way to authenticate.
    pub enum Provider {
        /// By a key that the client sends with each request.
        "apiKey" ApiKey(ApiKeyProvider);
    }
}

impl Provider {
    /// The kind: the name of its field. Documents of consumers are shared by this name, so a kind must add here all that the
    /// reading of its credentials depends on.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::ApiKey(_) => ApiKeyProvider::KIND,
        }
    }

    /// Where its credentials are read from.
    #[must_use]
    pub fn locations(&self) -> &[Location] {
        match self {
            Self::ApiKey(provider) => &provider.from,
        }
    }

    /// The realm that its challenge names, where it names one.
    #[must_use]
    pub fn realm(&self) -> Option<&str> {
        match self {
            Self::ApiKey(provider) => Some(&provider.realm),
        }
    }

    /// The header fields that it writes for the upstream. No client may send them.
    #[must_use]
    pub fn headers(&self) -> &[String] {
        match self {
            Self::ApiKey(_) => &[],
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
        _ => return None,
    })
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
