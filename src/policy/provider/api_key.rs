//! API keys: a key that the client sends with each request is all the proof there is.

use crate::auth::{Location, Prefix};
use crate::config::{self, ApiKeyRef, ConfigErrors, KeyRef, Path};
use crate::http::Text;

use super::credential::{CredentialInputs, Identifier, Prepared};
use super::verdict::{CredentialLookup, Identity, ProviderInputs, Verification};
use super::{Provider, ProviderId, ProviderKind, Providers, locations};
use crate::policy::denial::Reason;
use crate::policy::environment::variable;

/// What a provider of API keys has of its own.
#[derive(Debug)]
pub(crate) struct ApiKey {
    challenge: Text,
}

impl ApiKey {
    /// The same for every reason: no registered scheme has parameters for API keys.
    pub(super) fn challenge(&self, _: Reason, _: &[&str]) -> Text {
        self.challenge.clone()
    }
}

/// The provider `name`, which is written at `path`.
pub(super) fn compile(
    name: &str,
    written: &config::ApiKeyProvider,
    others: &Providers,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Provider> {
    let locations = locations::compile(name, &written.from, others, &path.field("from"), errors);
    // RFC 9110 §11.6.1.
    let realm = written.realm.replace('\\', "\\\\").replace('"', "\\\"");
    let mut challenge = match &written.challenge {
        Some(scheme) => scheme.clone().into_bytes(),
        None => scheme(&locations).to_vec(),
    };
    challenge.extend(format!(" realm=\"{realm}\"").into_bytes());
    Some(Provider {
        name: name.into(),
        locations,
        forward: written.forward,
        claim_headers: None,
        kind: ProviderKind::ApiKey(ApiKey {
            challenge: Text::shared(&challenge),
        }),
    })
}

/// The scheme that clients are to use: that of the first location that has one. `ApiKey` is no registered scheme, but what
/// gateways send.
fn scheme(locations: &[Location]) -> &[u8] {
    let mut schemes = locations.iter().filter_map(|location| match location {
        Location::Header { prefix, .. } => prefix.as_ref().and_then(Prefix::scheme),
        Location::Member { .. } | Location::Query(_) | Location::Cookie(_) => None,
    });
    schemes.next().unwrap_or(b"ApiKey")
}

/// Accepts a key that a consumer has.
#[inline(always)]
pub(super) fn verify<'p, I: ProviderInputs<'p>>(
    id: ProviderId,
    key: &[u8],
    inputs: &mut I,
) -> Result<Verification<'p>, I::Stop> {
    Ok(match inputs.find_credential(id, key)? {
        CredentialLookup::Found(credential) => Verification::Accepted(Identity::of(credential)),
        CredentialLookup::NotFound => Verification::Rejected(Reason::InvalidCredential),
        CredentialLookup::Unavailable => Verification::Unavailable(Reason::SourceUnavailable),
    })
}

/// A consumer's key is found by itself, or by its SHA-256.
pub(super) fn prepare<'r>(
    written: &ApiKeyRef<'r>,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Prepared<'r>> {
    let kind = config::ApiKeyProvider::KIND;
    let path = path.field(kind);
    let providers = inputs.providers;
    let provider = providers.for_credential(written.provider, kind, &path, errors)?;
    let identifier = match written.key {
        KeyRef::Sha256(digest) => Identifier::Sha256(digest),
        KeyRef::Value(key) => Identifier::Plain(key),
        KeyRef::Env(name) => {
            let path = path.field("env");
            Identifier::Secret(variable(inputs.environment, name, &path, errors)?)
        }
    };
    Some(Prepared {
        provider,
        identifier,
        id: written.id,
        material: None,
    })
}
