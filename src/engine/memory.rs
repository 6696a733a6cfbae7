//! What an exchange remembers while it waits.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::auth::{Location, Occurrence};
use crate::policy::{
    Identity, LocationId, Policy, Provider, ProviderId, Reason, Verdict, Verified, VerifiedToken,
};
use crate::time::Timestamp;

use super::documents::{ConsumersVersion, CredentialHandle, FlightResult, Sources};
use super::facts::Facts;

/// What an exchange remembers from before it waited.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// The results of the flights that it waited for.
    pub(super) answers: Vec<FlightResult>,
    /// When it began to wait.
    pub(super) since: Option<Timestamp>,
    /// When it began to wait until a document has been fetched again.
    pub(super) refetching: Option<Timestamp>,
    /// How often it has waited.
    pub(super) waits: u8,
    /// Whether a callout that it waited for was not answered in time. Then it does not wait again.
    pub(super) overdue: bool,
    /// Whether the provider that is asked now is not worth a wait.
    pub(super) is_impatient: Cell<bool>,
    /// Whether the verdicts of its providers were reported.
    pub(super) has_told_verdicts: Cell<bool>,
    /// The verdicts of its providers.
    pub(super) verdicts: RefCell<Option<Box<RememberedVerdicts>>>,
    /// What the host was asked for.
    pub(super) facts: Facts,
}

/// The verdicts from before an exchange waited, so that no provider verifies a signature or sends a callout twice.
///
/// They are discarded when a document of consumers has changed: a credential that is revoked while the exchange waits is
/// rejected.
/// The policy of an exchange never changes.
#[derive(Debug)]
pub(super) struct RememberedVerdicts {
    /// The documents that the verdicts depend on.
    version: ConsumersVersion,
    verdicts: Vec<(ProviderId, Finding)>,
}

/// A verdict without borrowed data. [`Verdict::Unavailable`] is never remembered.
#[derive(Debug)]
enum Finding {
    Absent,
    Accepted(AcceptedFinding),
    /// Holds the locations with credentials.
    Rejected(Reason, Vec<LocationId>),
    /// The same.
    Foreign(Vec<LocationId>),
}

#[derive(Debug)]
struct AcceptedFinding {
    location: LocationId,
    is_alone: bool,
    credential: Option<CredentialHandle>,
    token: Option<Rc<VerifiedToken>>,
}

impl RememberedVerdicts {
    /// No verdicts yet, for the documents that are in use now.
    pub(super) fn new(sources: &Sources) -> Self {
        Self {
            version: sources.consumers_version(),
            verdicts: Vec::new(),
        }
    }

    /// Remembers a verdict.
    pub(super) fn add(
        &mut self,
        id: ProviderId,
        verdict: &Verdict<'_>,
        policy: &Policy,
        sources: &Sources,
    ) {
        let finding = match verdict {
            Verdict::Absent => Some(Finding::Absent),
            Verdict::Accepted(verified) => return self.add_verified(verified, policy, sources),
            Verdict::Rejected(reason, locations) => {
                let ids = location_ids(policy, id, locations);
                ids.map(|ids| Finding::Rejected(*reason, ids))
            }
            Verdict::Foreign(locations) => {
                location_ids(policy, id, locations).map(Finding::Foreign)
            }
            Verdict::Unavailable(_) => None,
        };
        self.verdicts.extend(finding.map(|finding| (id, finding)));
    }

    /// Remembers a credential that was accepted.
    pub(super) fn add_verified(
        &mut self,
        verified: &Verified<'_>,
        policy: &Policy,
        sources: &Sources,
    ) {
        let Verified {
            provider: id,
            at,
            identity,
        } = verified;
        let id = *id;
        if identity
            .token
            .as_ref()
            .is_some_and(|token| token.can_be_withdrawn())
        {
            // The issuer may withdraw its key meanwhile. The token itself is remembered, so it is checked again quickly.
            return;
        }
        let provider = policy.providers.at(id);
        let Some(location) = provider.and_then(|provider| provider.location_id(at.location)) else {
            return;
        };
        let credential = match identity.credential {
            None => None,
            Some(credential) => match sources.handle_of(credential, policy) {
                None => return,
                handle => handle,
            },
        };
        let accepted = AcceptedFinding {
            location,
            is_alone: at.is_alone,
            credential,
            token: identity.token.clone(),
        };
        self.verdicts.push((id, Finding::Accepted(accepted)));
    }

    /// The verdict of a provider, if it is remembered and still holds. `now` is called only for a credential that expires.
    pub(super) fn recall<'e>(
        &self,
        id: ProviderId,
        policy: &'e Policy,
        sources: &'e Sources,
        now: impl FnOnce() -> Timestamp,
    ) -> Option<Verdict<'e>> {
        let (_, finding) = self.verdicts.iter().find(|(known, _)| *known == id)?;
        if self.version != sources.consumers_version() {
            return None;
        }
        let provider = policy.providers.at(id)?;
        Some(match finding {
            Finding::Absent => Verdict::Absent,
            Finding::Accepted(accepted) => {
                let token = accepted.token.as_ref();
                let expires = token.and_then(|token| token.expires);
                if expires.is_some_and(|expires| expires <= now()) {
                    return None;
                }
                let credential = match accepted.credential {
                    None => None,
                    Some(handle) => Some(sources.credential(handle, policy)?),
                };
                Verdict::Accepted(Verified {
                    provider: id,
                    at: Occurrence {
                        location: provider.location(accepted.location)?,
                        is_alone: accepted.is_alone,
                    },
                    identity: Identity {
                        credential,
                        token: token.cloned(),
                    },
                })
            }
            Finding::Rejected(reason, ids) => Verdict::Rejected(*reason, locations(provider, ids)?),
            Finding::Foreign(ids) => Verdict::Foreign(locations(provider, ids)?),
        })
    }
}

/// The ids of locations in their provider's list.
fn location_ids(
    policy: &Policy,
    id: ProviderId,
    locations: &[&Location],
) -> Option<Vec<LocationId>> {
    let provider = policy.providers.at(id)?;
    let ids = locations.iter().map(|at| provider.location_id(at));
    ids.collect()
}

/// The provider's locations of these ids.
fn locations<'p>(provider: &'p Provider, ids: &[LocationId]) -> Option<Vec<&'p Location>> {
    let locations = ids.iter().map(|id| provider.location(*id));
    locations.collect()
}
