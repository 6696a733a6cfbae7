//! Who asks: what the providers of a route say, and what its requirement makes of that.

use std::borrow::Cow;

use crate::auth::{Extracted, Location, Occurrence, extract};
use crate::policy::{Denial, Policy, Provider, ProviderId, Reason, Requirement, Route};

use super::authenticated::{Accepted, Authenticated, Identity};
use super::event::{self, Event, Observer};
use super::head::Head;
use super::owner::Owner;
use super::sources::Sources;
use super::waiting::Memory;

/// What one provider says.
#[derive(Debug)]
pub(super) enum Verdict<'p> {
    /// It found none of its credentials.
    Absent,
    Accepted(Identity<'p>, Occurrence<'p>),
    Rejected(Reason, Vec<&'p Location>),
    /// Whose the credential is can't be known now.
    Unavailable,
}

impl Verdict<'_> {
    /// As it is told.
    const fn told(&self) -> event::Verdict {
        match self {
            Self::Absent => event::Verdict::Absent,
            Self::Accepted(..) => event::Verdict::Accepted,
            Self::Rejected(..) => event::Verdict::Rejected,
            Self::Unavailable => event::Verdict::Unavailable,
        }
    }
}

/// What a requirement makes of the verdicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Met, by this provider.
    Accepted(ProviderId),
    /// Met, by nobody.
    Anonymous,
    Absent,
    Rejected(Reason),
    Unavailable,
}

/// Evaluates the requirement of `route`, and tells in `who`, which knows nobody yet, what came of it.
pub(super) fn authenticate<'s>(
    who: &mut Authenticated<'s>,
    head: &Head<'_>,
    route: &Route,
    policy: &'s Policy,
    sources: &'s Sources,
    memory: &Memory,
    observer: &mut (impl Observer + ?Sized),
) -> Result<(), Denial> {
    let is_new = !memory.has_told_verdicts.replace(true);
    match *route.kind.requirement() {
        Requirement::None => Ok(()),
        // The usual route: what its one provider says is all there is to say.
        Requirement::Provider(only) => match said(head, only, policy, sources) {
            Verdict::Accepted(identity, at) => {
                if is_new {
                    tell(only, event::Verdict::Accepted, policy, observer);
                }
                who.identity = Some(identity);
                who.first = Some(Accepted { provider: only, at });
                Ok(())
            }
            other @ (Verdict::Absent | Verdict::Rejected(..) | Verdict::Unavailable) => {
                if is_new {
                    tell(only, other.told(), policy, observer);
                }
                Err(refused(other, route, policy))
            }
        },
        Requirement::Any(_) | Requirement::All(_) | Requirement::Optional(_) => {
            let observer = is_new.then_some(observer);
            *who = combined(head, route, policy, sources, observer)?;
            Ok(())
        }
    }
}

/// Why a provider that alone is required lets nobody in.
fn refused(verdict: Verdict<'_>, route: &Route, policy: &Policy) -> Denial {
    match verdict {
        Verdict::Absent => unauthorized(Reason::MissingCredential, route, policy),
        Verdict::Rejected(reason, locations) => {
            // Here, and not in the function that most requests run.
            drop(locations);
            unauthorized(reason, route, policy)
        }
        Verdict::Unavailable => Reason::SourceUnavailable.into(),
        // Never: it isn't asked then.
        Verdict::Accepted(..) => Reason::Internal.into(),
    }
}

/// Evaluates a requirement that is put together of others. What the providers say is told to the observer, if there is
/// one.
fn combined<'s>(
    head: &Head<'_>,
    route: &Route,
    policy: &'s Policy,
    sources: &'s Sources,
    observer: Option<&mut (impl Observer + ?Sized)>,
) -> Result<Authenticated<'s>, Denial> {
    let providers = route.kind.providers().iter();
    let verdicts: Vec<_> = providers
        .map(|&id| (id, said(head, id, policy, sources)))
        .collect();
    if let Some(observer) = observer {
        for (id, verdict) in &verdicts {
            tell(*id, verdict.told(), policy, observer);
        }
    }
    conclude(&verdicts, route, policy)
}

fn conclude<'s>(
    verdicts: &[(ProviderId, Verdict<'s>)],
    route: &Route,
    policy: &Policy,
) -> Result<Authenticated<'s>, Denial> {
    let outcome = match evaluate(route.kind.requirement(), verdicts) {
        // One credential was good, but another one, elsewhere in the request, wasn't: an upstream may read that one.
        met @ Outcome::Accepted(_) => rejected_elsewhere(verdicts).map_or(met, Outcome::Rejected),
        unmet @ (Outcome::Anonymous
        | Outcome::Absent
        | Outcome::Rejected(_)
        | Outcome::Unavailable) => unmet,
    };
    match outcome {
        Outcome::Accepted(first) => {
            let mut who = Authenticated::default();
            who.identity = identity_by(first, verdicts);
            met(route.kind.requirement(), verdicts, &mut who);
            Ok(who)
        }
        Outcome::Anonymous => Ok(Authenticated::default()),
        Outcome::Absent => Err(unauthorized(Reason::MissingCredential, route, policy)),
        Outcome::Rejected(reason) => Err(unauthorized(reason, route, policy)),
        Outcome::Unavailable => Err(Reason::SourceUnavailable.into()),
    }
}

/// Tells what a provider said.
fn tell(
    id: ProviderId,
    verdict: event::Verdict,
    policy: &Policy,
    observer: &mut (impl Observer + ?Sized),
) {
    let provider = policy.providers.at(id).map_or("", |known| &known.name);
    observer.event(&Event::Authenticated {
        provider,
        id,
        verdict,
    });
}

/// What this provider says.
fn said<'p>(
    head: &Head<'_>,
    id: ProviderId,
    policy: &'p Policy,
    sources: &'p Sources,
) -> Verdict<'p> {
    match policy.providers.at(id) {
        Some(provider) => verdict(head, id, provider, policy, sources),
        // Never: a requirement names providers of its policy.
        None => Verdict::Unavailable,
    }
}

pub(super) fn verdict<'p>(
    head: &Head<'_>,
    id: ProviderId,
    provider: &'p Provider,
    policy: &'p Policy,
    sources: &'p Sources,
) -> Verdict<'p> {
    let headers = head.request.headers();
    let (key, at): (Cow<'_, [u8]>, _) =
        match extract(&provider.locations, headers, head.path.query()) {
            Extracted::Absent => return Verdict::Absent,
            Extracted::Repeated(locations) => {
                return Verdict::Rejected(Reason::RepeatedCredential, locations);
            }
            Extracted::One(key, at) => (key, at),
        };
    match sources.owner(policy, id, &key) {
        Owner::Known(credential) => {
            let identity = Identity { credential };
            Verdict::Accepted(identity, at)
        }
        Owner::Nobody => Verdict::Rejected(Reason::InvalidCredential, vec![at.location]),
        Owner::Unknowable => Verdict::Unavailable,
    }
}

fn evaluate(requirement: &Requirement, verdicts: &[(ProviderId, Verdict<'_>)]) -> Outcome {
    match requirement {
        Requirement::None => Outcome::Anonymous,
        Requirement::Provider(provider) => match verdicts.iter().find(|(id, _)| id == provider) {
            Some((_, Verdict::Accepted(..))) => Outcome::Accepted(*provider),
            Some((_, Verdict::Rejected(reason, _))) => Outcome::Rejected(*reason),
            Some((_, Verdict::Unavailable)) => Outcome::Unavailable,
            Some((_, Verdict::Absent)) | None => Outcome::Absent,
        },
        Requirement::Any(list) => any(list, verdicts),
        Requirement::All(list) => all(list, verdicts),
        Requirement::Optional(inner) => match evaluate(inner, verdicts) {
            // Only a request without any credential of it is let through: part of a combination isn't none.
            Outcome::Absent if all_absent(inner, verdicts) => Outcome::Anonymous,
            outcome @ (Outcome::Accepted(_)
            | Outcome::Anonymous
            | Outcome::Absent
            | Outcome::Rejected(_)
            | Outcome::Unavailable) => outcome,
        },
    }
}

/// The first that accepts, in the order written. None accepts: unavailable before rejected before met by nobody before
/// absent. So an optional one lets nobody by who sent a credential for another.
fn any(list: &[Requirement], verdicts: &[(ProviderId, Verdict<'_>)]) -> Outcome {
    let mut best = Outcome::Absent;
    for requirement in list {
        match (evaluate(requirement, verdicts), best) {
            (met @ Outcome::Accepted(_), _) => return met,
            (Outcome::Unavailable, _) => best = Outcome::Unavailable,
            (Outcome::Rejected(reason), Outcome::Absent | Outcome::Anonymous) => {
                best = Outcome::Rejected(reason);
            }
            (Outcome::Anonymous, Outcome::Absent) => best = Outcome::Anonymous,
            (Outcome::Rejected(_) | Outcome::Anonymous | Outcome::Absent, _) => {}
        }
    }
    best
}

/// Each is met; the first that knows somebody tells who it is. A rejected one is final, whatever the others may yet say.
fn all(list: &[Requirement], verdicts: &[(ProviderId, Verdict<'_>)]) -> Outcome {
    let mut sum = Outcome::Anonymous;
    for requirement in list {
        match (evaluate(requirement, verdicts), sum) {
            (rejected @ Outcome::Rejected(_), _) => return rejected,
            (Outcome::Unavailable, _) => sum = Outcome::Unavailable,
            (Outcome::Absent, Outcome::Accepted(_) | Outcome::Anonymous) => sum = Outcome::Absent,
            (Outcome::Accepted(provider), Outcome::Anonymous) => sum = Outcome::Accepted(provider),
            (Outcome::Accepted(_) | Outcome::Anonymous | Outcome::Absent, _) => {}
        }
    }
    sum
}

fn all_absent(requirement: &Requirement, verdicts: &[(ProviderId, Verdict<'_>)]) -> bool {
    match requirement {
        Requirement::None => true,
        Requirement::Provider(provider) => verdicts
            .iter()
            .all(|(id, verdict)| id != provider || matches!(verdict, Verdict::Absent)),
        Requirement::Any(list) | Requirement::All(list) => {
            list.iter().all(|one| all_absent(one, verdicts))
        }
        Requirement::Optional(inner) => all_absent(inner, verdicts),
    }
}

/// A credential that was rejected at a location where none was accepted.
fn rejected_elsewhere(verdicts: &[(ProviderId, Verdict<'_>)]) -> Option<Reason> {
    let good = |location: &Location| {
        verdicts.iter().any(
            |(_, verdict)| matches!(verdict, Verdict::Accepted(_, at) if at.location.overlaps(location)),
        )
    };
    verdicts.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Rejected(reason, locations)
            if !locations.iter().all(|location| good(location)) =>
        {
            Some(*reason)
        }
        Verdict::Rejected(..) | Verdict::Absent | Verdict::Accepted(..) | Verdict::Unavailable => {
            None
        }
    })
}

/// The providers by which the requirement is met. Of an `any` it is the first branch that accepts: a good credential of
/// another one, which may be another consumer's, opens nothing to this one.
fn met<'s>(
    requirement: &Requirement,
    verdicts: &[(ProviderId, Verdict<'s>)],
    who: &mut Authenticated<'s>,
) {
    let accepts = |one: &&Requirement| matches!(evaluate(one, verdicts), Outcome::Accepted(_));
    match requirement {
        Requirement::None => {}
        Requirement::Provider(provider) => {
            let own = verdicts.iter().find(|(id, _)| id == provider);
            if let Some((_, Verdict::Accepted(_, at))) = own {
                who.add(Accepted {
                    provider: *provider,
                    at: *at,
                });
            }
        }
        Requirement::Any(list) => {
            if let Some(first) = list.iter().find(accepts) {
                met(first, verdicts, who);
            }
        }
        Requirement::All(list) => list.iter().for_each(|one| met(one, verdicts, who)),
        Requirement::Optional(inner) => met(inner, verdicts, who),
    }
}

fn identity_by<'s>(
    provider: ProviderId,
    verdicts: &[(ProviderId, Verdict<'s>)],
) -> Option<Identity<'s>> {
    let own = verdicts.iter().find(|(id, _)| *id == provider);
    match own {
        Some((_, Verdict::Accepted(identity, _))) => Some(*identity),
        Some((_, Verdict::Absent | Verdict::Rejected(..) | Verdict::Unavailable)) | None => None,
    }
}

/// With the challenges of all providers that would have been heard (RFC 9110 §11.6.1).
fn unauthorized(reason: Reason, route: &Route, policy: &Policy) -> Denial {
    let mut denial = Denial::from(reason);
    for challenge in route
        .kind
        .providers()
        .iter()
        .filter_map(|id| policy.providers.at(*id))
    {
        if !denial.challenges.contains(&challenge.challenge) {
            denial.challenges.push(challenge.challenge.clone());
        }
    }
    denial
}
