//! The verdict of a provider on a request, and what the provider may ask the engine for.

use crate::auth::{Location, Occurrence};

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::time::Timestamp;

use super::ProviderId;
use super::claims::Claims;
use super::published_keys::{PublishedKey, PublishedKeys};
use crate::crypto::HostVerifier;
use crate::policy::consumer::{Consumer, Credential};
use crate::policy::denial::Reason;
use crate::policy::source::SourceId;
use crate::secret::Secret;
use crate::source::EntryAnswer;

/// The verdict of one provider on a request.
#[derive(Debug)]
pub(crate) enum Verdict<'p> {
    /// It found none of its credentials.
    Absent,
    /// It verified the credential.
    Accepted(Verified<'p>),
    /// A credential that is not good, or several credentials. Holds all their locations.
    Rejected(Reason, Vec<&'p Location>),
    /// A token of another issuer. Another provider may accept it. Holds its location.
    Foreign(Vec<&'p Location>),
    /// The provider can't verify the credential now, for this reason.
    Unavailable(Reason),
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

/// What a verified token says.
#[derive(Debug)]
pub(crate) struct VerifiedToken {
    /// `None` if it has no claims.
    pub(crate) claims: Option<Claims>,
    /// When it ends; `None` if it doesn't.
    pub(crate) expires: Option<Timestamp>,
    /// The key that signed it; `None` if the key stands in the policy.
    pub(crate) signer: Option<Signer>,
}

/// A key that may change or end while a token is remembered that it signed.
#[derive(Debug)]
pub(crate) enum Signer {
    /// A key of a consumer.
    Consumer {
        /// What the consumer's credential is found by.
        identifier: Box<[u8]>,
        /// The key, as the directory has it.
        material: Secret,
    },
    /// A key of a set that the issuer publishes.
    Published(PublishedKey),
}

impl VerifiedToken {
    /// Whether it is good at this time.
    pub(crate) fn is_good_at(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether it may end before it expires, because the issuer withdraws the key that signed it.
    pub(crate) const fn can_be_withdrawn(&self) -> bool {
        matches!(self.signer, Some(Signer::Published(_)))
    }

    /// Roughly how much memory it takes, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let claims = self.claims.as_ref().map_or(0, Claims::weight);
        let signer = self.signer.as_ref().map_or(0, Signer::weight);
        claims.saturating_add(signer)
    }
}

impl Signer {
    fn weight(&self) -> usize {
        match self {
            Self::Consumer {
                identifier,
                material,
            } => identifier.len().saturating_add(material.expose().len()),
            Self::Published(key) => key.weight(),
        }
    }
}

impl<'p> Identity<'p> {
    /// That of a consumer's credential.
    pub(super) const fn of(credential: Credential<'p>) -> Self {
        Self {
            credential: Some(credential),
            token: None,
        }
    }

    /// That of a token, with its consumer where it has one.
    pub(super) const fn of_token(
        credential: Option<Credential<'p>>,
        token: Rc<VerifiedToken>,
    ) -> Self {
        Self {
            credential,
            token: Some(token),
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
    /// It is another scheme's: the provider has no credential.
    Absent,
    /// It is a token of another issuer.
    Foreign,
    /// That can't be known now, for this reason.
    Unavailable(Reason),
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

/// What the server that issued a token says of it (RFC 7662).
#[derive(Debug)]
pub(crate) enum Introspection {
    /// It is active: the answer, which is a JSON object, and until when that may be believed.
    Active(Arc<EntryAnswer>, Timestamp),
    /// It isn't active.
    Inactive,
    /// That can't be known now.
    Unavailable,
}

/// What a provider may ask while it verifies a credential.
///
/// Each question may stop the exchange. The exchange then waits for the missing answer, and verifies again when it is there. So a
/// provider passes on every `Stop`, and keeps no state of its own.
pub(crate) trait ProviderInputs<'p> {
    /// Why the exchange goes no further now.
    type Stop;

    /// Finds the consumer of this name, as a credential that has no entry.
    fn find_consumer(&mut self, name: &[u8]) -> Result<CredentialLookup<'p>, Self::Stop>;

    /// Finds the consumer's credential that this provider knows by this identifier.
    fn find_credential(
        &mut self,
        provider: ProviderId,
        identifier: &[u8],
    ) -> Result<CredentialLookup<'p>, Self::Stop>;

    /// What verifies signatures for this program.
    fn host(&mut self) -> &mut dyn HostVerifier;

    /// The time now.
    fn now(&mut self) -> Timestamp;

    /// The token, if this provider has accepted it before and it is still good.
    fn verified_token(
        &mut self,
        provider: ProviderId,
        token: &[u8],
        now: Timestamp,
    ) -> Option<Rc<VerifiedToken>>;

    /// Remembers a token that this provider has accepted.
    fn remember_token(&mut self, provider: ProviderId, token: &[u8], verified: &Rc<VerifiedToken>);

    /// Takes the time for one verification. Returns false if the provider has spent its `percent` of the time.
    fn spend(&mut self, provider: ProviderId, cost: Duration, percent: u8, now: Timestamp) -> bool;

    /// The keys that an issuer publishes, if there is a usable set. Until the first one is there, the exchange waits for it,
    /// but no longer than `hold`.
    fn published_keys(
        &mut self,
        source: SourceId,
        hold: Duration,
    ) -> Result<Option<PublishedKeys<'p>>, Self::Stop>;

    /// No key of the set has the token's `kid`. The exchange waits until the set has been fetched again, but that happens at
    /// most once in `interval` for the whole proxy. Returns if it has just happened.
    fn refetch_keys(&mut self, source: SourceId, interval: Duration) -> Result<(), Self::Stop>;

    /// Asks the server behind this source about a token. It is the token as a whole that an answer is remembered by.
    fn introspect(
        &mut self,
        source: SourceId,
        token: &[u8],
        now: Timestamp,
    ) -> Result<Introspection, Self::Stop>;
}
