//! Shared words: a consumer says its word, a guest the provider's.

use crate::config::{ConfigErrors, Path, WordCredential, WordProvider};
use crate::http::Text;
use crate::secret::constant_time_eq;

use super::credential::{CredentialInputs, Identifier, Prepared};
use super::verdict::{CredentialLookup, Identity, ProviderInputs, Verification};
use super::{Provider, ProviderId, ProviderKind, Providers, locations};
use crate::policy::denial::Reason;

/// What a provider of words has of its own.
#[derive(Debug)]
pub(crate) struct Word {
    guest: Option<Box<[u8]>>,
}

impl Word {
    /// Tells a client that its word is wrong, as RFC 6750 does for tokens.
    pub(super) fn challenge(&self, reason: Reason, _: &[&str]) -> Text {
        match reason {
            Reason::InvalidCredential => "Word error=\"invalid_word\"".into(),
            _ => "Word".into(),
        }
    }
}

/// The provider `name`, which is written at `path`.
pub(super) fn compile(
    name: &str,
    written: &WordProvider,
    others: &Providers,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Provider> {
    let path = path.field("from");
    let locations = locations::compile(name, &written.from, others, &path, errors);
    let is_taken = |other: &&Provider| {
        let mut theirs = other.locations.iter();
        theirs.any(|theirs| locations.iter().any(|own| own.overlaps(theirs)))
    };
    if let Some(other) = others.iter().find(is_taken) {
        errors.push(&path, format!("`{}` reads the same location", other.name));
        return None;
    }
    let guest = written.guest.as_ref().map(|word| word.as_bytes().into());
    Some(Provider {
        name: name.into(),
        locations,
        forward: false,
        claim_headers: None,
        kind: ProviderKind::Word(Word { guest }),
    })
}

/// Accepts the guests' word, and the word of a consumer.
pub(super) fn verify<'p, I: ProviderInputs<'p>>(
    own: &Word,
    id: ProviderId,
    word: &[u8],
    inputs: &mut I,
) -> Result<Verification<'p>, I::Stop> {
    let is_guest = |guest: &[u8]| constant_time_eq(guest, word);
    if own.guest.as_deref().is_some_and(is_guest) {
        return Ok(Verification::Accepted(Identity::default()));
    }
    Ok(match inputs.find_credential(id, word)? {
        CredentialLookup::Found(credential) => Verification::Accepted(Identity::of(credential)),
        CredentialLookup::NotFound => Verification::Rejected(Reason::InvalidCredential),
        CredentialLookup::Unavailable => Verification::Unavailable(Reason::SourceUnavailable),
    })
}

/// A consumer's word is found by itself.
pub(super) fn prepare<'r>(
    written: &'r WordCredential,
    inputs: CredentialInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Prepared<'r>> {
    let kind = WordProvider::KIND;
    let path = path.field(kind);
    let named = written.provider.as_deref();
    Some(Prepared {
        provider: inputs.providers.for_credential(named, kind, &path, errors)?,
        identifier: Identifier::Plain(written.word.as_bytes()),
        id: None,
        material: None,
    })
}
