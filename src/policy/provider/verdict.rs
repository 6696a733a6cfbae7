//! The verdict of a provider on a request, and what the provider may ask the engine for.

use crate::auth::{Location, Occurrence};

use std::rc::Rc;
use std::time::Duration;

use crate::time::Timestamp;

use super::ProviderId;
use super::claims::Claims;
use crate::crypto::HostVerifier;
use crate::policy::consumer::{Consumer, Credential};
use crate::policy::denial::Reason;
use crate::policy::source::SourceId;

/// The verdict of one provider on a request.
#[derive(Debug)]
pub(crate) enum Verdict<'p> {
    /// It found none of its credentials.
    Absent,
    /// It verified the credential.
    Accepted(Verified<'p>),
    /// A credential that is not good, or several credentials. Holds all their locations.
    Rejected(Reason, Vec<&'p Location>),
    /// The provider can't verify the credential now.
    Unavailable,
}

/// A credential that a provider verified.
#[derive(Clone, Debug)]
pub(crate) struct Verified<'p> {
    /// The provider.
    pub(crate) provider: ProviderId,
    /// Where the credential stands.
    pub(crate) at: Occurrence<'p>,
    /// The sender.
    pub(crate) identity: Identity<'p>,
}

/// The sender of a request, as one provider verified it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Identity<'p> {
    /// The consumer's credential. `None` if the sender is no consumer: then no condition on consumers holds, and the upstream
    /// gets no identity headers.
    pub(crate) credential: Option<Credential<'p>>,
    /// What the credential itself says; `None` if it says nothing, as an API key. One pointer, so that an identity is small:
    /// each request moves it several times.
    pub(crate) token: Option<Rc<VerifiedToken>>,
}

/// What a verified credential says besides who sent it.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    /// `None` if it has no claims.
    pub(crate) claims: Option<Claims>,
    /// When it ends; `None` if it doesn't.
    pub(crate) expires: Option<Timestamp>,
}

impl<'p> Identity<'p> {
    /// That of a consumer's credential.
    pub(super) const fn of(credential: Credential<'p>) -> Self {
        Self {
            credential: Some(credential),
            token: None,
        }
    }

    /// The consumer.
    pub(crate) fn consumer(&self) -> Option<Consumer<'p>> {
        self.credential.map(Credential::owner)
    }

    /// The claims of its token, where it has one.
    pub(crate) fn claims(&self) -> Option<&Claims> {
        self.token.as_ref()?.claims.as_ref()
    }
}

/// What a provider makes of one credential.
#[derive(Debug)]
pub(crate) enum Verification<'p> {
    /// It is good. Holds the sender.
    Accepted(Identity<'p>),
    /// It is not good, for this reason.
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
/// Each question may stop the exchange. The exchange then waits for the missing answer, and verifies again when it is there. So a
/// provider passes on every `Stop`, and keeps no state of its own.
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

    /// What verifies signatures for this program.
    #[expect(dead_code, reason = "no kind verifies signatures yet")]
    fn host(&mut self) -> &mut dyn HostVerifier;

    /// Whether a watched source has a usable document. Until the first one is there, the exchange waits for it, but no longer
    /// than `hold`.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no kind reads documents yet but the test double")
    )]
    fn has_document(&mut self, source: SourceId, hold: Duration) -> Result<bool, Self::Stop>;
}
