//! What a provider says of a request, and what it may ask of the engine to know.

use crate::auth::{Location, Occurrence};

use std::time::Duration;

use crate::time::Timestamp;

use super::ProviderId;
use crate::policy::consumer::{Consumer, Credential};
use crate::policy::denial::Reason;
use crate::policy::source::SourceId;

/// What one provider says of a request.
#[derive(Debug)]
pub(crate) enum Verdict<'p> {
    /// It found none of its credentials.
    Absent,
    /// It verified the credential.
    Accepted(Verified<'p>),
    /// A credential that is no good, or several. Holds the locations of all.
    Rejected(Reason, Vec<&'p Location>),
    /// Whether the credential is good can't be known now.
    Unavailable,
}

/// A credential that a provider verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Verified<'p> {
    /// The provider.
    pub(crate) provider: ProviderId,
    /// Where the credential stands.
    pub(crate) at: Occurrence<'p>,
    /// Who sent it.
    pub(crate) identity: Identity<'p>,
}

/// Who sent a request, as one provider tells.
///
/// The claims of a token will be a field of it, once a provider of tokens is there.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Identity<'p> {
    /// The consumer's credential; `None` for somebody who is no consumer: no condition on consumers holds then, and the
    /// upstream is told no name.
    pub(crate) credential: Option<Credential<'p>>,
    /// When the credential ends; `None` if it doesn't.
    pub(crate) expires: Option<Timestamp>,
}

impl<'p> Identity<'p> {
    /// That of a consumer's credential.
    pub(super) const fn of(credential: Credential<'p>) -> Self {
        Self {
            credential: Some(credential),
            expires: None,
        }
    }

    /// The consumer.
    pub(crate) fn consumer(&self) -> Option<Consumer<'p>> {
        self.credential.map(Credential::owner)
    }
}

/// What a provider makes of one credential.
#[derive(Debug)]
pub(crate) enum Verification<'p> {
    /// It is good, and tells who sent it.
    Accepted(Identity<'p>),
    /// It is no good, for this reason.
    Rejected(Reason),
    /// That can't be known now: a document of consumers is missing.
    Unavailable,
}

/// What the directories of consumers have under an identifier.
#[derive(Debug)]
pub(crate) enum CredentialLookup<'p> {
    /// A consumer's credential.
    Found(Credential<'p>),
    /// No credential, or those of several consumers.
    NotFound,
    /// That can't be known now: a document of consumers is missing.
    Unavailable,
}

/// What a provider may ask while it verifies a credential.
///
/// Each question may stop the exchange: it waits then for what is missing, and the provider is asked again with that at
/// hand. So a provider passes on every `Stop`, and keeps nothing.
pub(crate) trait ProviderInputs<'p> {
    /// Why the exchange goes no further now.
    type Stop;

    /// Finds the consumer's credential that this provider knows by this identifier.
    fn find_credential(
        &mut self,
        provider: ProviderId,
        identifier: &[u8],
    ) -> Result<CredentialLookup<'p>, Self::Stop>;

    /// The time now.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no kind compares times yet but the test double")
    )]
    fn now(&mut self) -> Timestamp;

    /// Whether a watched source has a usable document. Until the first one is there, the exchange waits for it, but no longer
    /// than `hold`.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no kind reads documents yet but the test double")
    )]
    fn has_document(&mut self, source: SourceId, hold: Duration) -> Result<bool, Self::Stop>;
}
