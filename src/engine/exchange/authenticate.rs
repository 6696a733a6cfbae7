//! Authenticates a request: the verdicts of the route's providers, and the result of the route's requirement.

use crate::auth::Location;
use crate::policy::{Denial, Policy, Provider, ProviderId, Reason, Requirement, Route, Verdict};

use super::authenticated::Authenticated;
use super::callout_order::{is_not_waited_for, is_passed_over};
use super::challenges::challenge_by;
use super::head::Head;
use super::{Exchange, Stop};
use crate::engine::event::{self, Event, Observer};

/// The result of a requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Evaluation {
    /// The requirement is met by this provider.
    Accepted(ProviderId),
    /// The requirement is met without a credential.
    Anonymous,
    Absent,
    Rejected(Reason),
    Unavailable(Reason),
}

/// Called with each verdict when it is found.
pub(in crate::engine) trait OnVerdict<'e, O: ?Sized>:
    Fn(&Provider, &Verdict<'e>, &mut Exchange<'e, O>)
{
}

impl<'e, O: ?Sized, F: Fn(&Provider, &Verdict<'e>, &mut Exchange<'e, O>)> OnVerdict<'e, O> for F {}

/// Evaluates the requirement of `route`, and writes the result into `authenticated`, which is empty.
///
/// # Errors
/// The request is denied, or it has to wait, because a provider can't verify the credential yet.
pub(in crate::engine) fn authenticate<'e, O: Observer + ?Sized>(
    authenticated: &mut Authenticated<'e>,
    head: &Head<'_>,
    route: &Route,
    exchange: &mut Exchange<'e, O>,
    on_verdict: impl OnVerdict<'e, O>,
) -> Result<(), Stop> {
    match *route.spec.requirement() {
        Requirement::None => Ok(()),
        // The usual route has one provider: its verdict is the result.
        Requirement::Provider(only) => {
            let verdict = verdict(only, head, exchange, &on_verdict)?;
            if !exchange.memory.has_told_verdicts.replace(true) {
                tell(only, &verdict, exchange);
            }
            match verdict {
                Verdict::Accepted(verified) => {
                    authenticated.first = Some(verified);
                    Ok(())
                }
                other @ (Verdict::Absent
                | Verdict::Rejected(..)
                | Verdict::Foreign(_)
                | Verdict::Unavailable(_)) => Err(refused(other, route, exchange.policy).into()),
            }
        }
        Requirement::Any(_) | Requirement::All(_) | Requirement::Optional(_) => {
            *authenticated = combined(head, route, exchange, &on_verdict)?;
            Ok(())
        }
    }
}

/// The denial for a verdict of the only provider that is required.
#[cold]
#[inline(never)]
fn refused(verdict: Verdict<'_>, route: &Route, policy: &Policy) -> Denial {
    match verdict {
        Verdict::Absent => unauthorized(Reason::MissingCredential, route, policy),
        Verdict::Rejected(reason, locations) => {
            // In this function, because most requests don't run it.
            drop(locations);
            unauthorized(reason, route, policy)
        }
        Verdict::Foreign(locations) => {
            drop(locations);
            unauthorized(Reason::WrongIssuer, route, policy)
        }
        Verdict::Unavailable(reason) => reason.into(),
        // It does not happen: a requirement that is met causes no denial.
        Verdict::Accepted(..) => Reason::Internal.into(),
    }
}

/// Evaluates a requirement of several providers.
#[inline(never)]
fn combined<'e, O: Observer + ?Sized>(
    head: &Head<'_>,
    route: &Route,
    exchange: &mut Exchange<'e, O>,
    on_verdict: &impl OnVerdict<'e, O>,
) -> Result<Authenticated<'e>, Stop> {
    let providers = route.spec.providers();
    let mut verdicts = Vec::with_capacity(providers.len());
    for &id in providers {
        if is_passed_over(id, &verdicts, head, route, exchange.policy) {
            verdicts.push((id, Verdict::Absent));
            continue;
        }
        let is_impatient = is_not_waited_for(id, &verdicts, head, route, exchange.policy);
        exchange.memory.is_impatient.set(is_impatient);
        let verdict = verdict(id, head, exchange, on_verdict);
        exchange.memory.is_impatient.set(false);
        match verdict {
            Ok(verdict) => verdicts.push((id, verdict)),
            Err(stop) => {
                // When the exchange resumes, the providers before this one don't verify again.
                let mut authenticated = Authenticated::default();
                authenticated.keep(verdicts);
                authenticated.remember(exchange);
                return Err(stop);
            }
        }
    }
    if !exchange.memory.has_told_verdicts.replace(true) {
        for (id, verdict) in &verdicts {
            tell(*id, verdict, exchange);
        }
    }
    let mut authenticated = conclude(&verdicts, route, exchange.policy)?;
    authenticated.keep(verdicts);
    Ok(authenticated)
}

fn conclude<'p>(
    verdicts: &[(ProviderId, Verdict<'p>)],
    route: &Route,
    policy: &Policy,
) -> Result<Authenticated<'p>, Denial> {
    let outcome = match evaluate(route.spec.requirement(), verdicts) {
        // One credential is accepted, and one at another location is rejected. An upstream may read the rejected one.
        met @ Evaluation::Accepted(_) => {
            rejected_elsewhere(verdicts).map_or(met, Evaluation::Rejected)
        }
        // A token that no provider knows is no missing credential.
        unmet @ (Evaluation::Anonymous | Evaluation::Absent) if has_foreign(verdicts) => {
            rejected_elsewhere(verdicts).map_or(unmet, Evaluation::Rejected)
        }
        unmet @ (Evaluation::Anonymous
        | Evaluation::Absent
        | Evaluation::Rejected(_)
        | Evaluation::Unavailable(_)) => unmet,
    };
    match outcome {
        Evaluation::Accepted(first) => {
            let mut authenticated = Authenticated::default();
            // The credential that identifies the sender comes first.
            met(&Requirement::Provider(first), verdicts, &mut authenticated);
            met(route.spec.requirement(), verdicts, &mut authenticated);
            Ok(authenticated)
        }
        Evaluation::Anonymous => Ok(Authenticated::default()),
        Evaluation::Absent => Err(unauthorized(Reason::MissingCredential, route, policy)),
        Evaluation::Rejected(reason) => {
            let reason = reason_of_token(reason, verdicts).unwrap_or(reason);
            Err(unauthorized(reason, route, policy))
        }
        Evaluation::Unavailable(reason) => Err(reason.into()),
    }
}

/// What is wrong with a token, where a provider of API keys reads the same place, knows no such key, and stands first.
fn reason_of_token(reason: Reason, verdicts: &[(ProviderId, Verdict<'_>)]) -> Option<Reason> {
    let is_key = |location: &&Location| {
        verdicts.iter().any(|(_, verdict)| {
            matches!(verdict, Verdict::Rejected(Reason::InvalidCredential, all) if all.iter().any(|key| key.overlaps(location)))
        })
    };
    let mut all = verdicts
        .iter()
        .filter(|_| reason == Reason::InvalidCredential);
    all.find_map(|(_, verdict)| match verdict {
        Verdict::Rejected(other, locations) if locations.iter().any(is_key) => {
            other.token_error().map(|_| *other)
        }
        Verdict::Foreign(locations) if locations.iter().any(is_key) => Some(Reason::WrongIssuer),
        Verdict::Rejected(..)
        | Verdict::Foreign(_)
        | Verdict::Absent
        | Verdict::Accepted(..)
        | Verdict::Unavailable(_) => None,
    })
}

/// Reports a verdict.
fn tell(
    id: ProviderId,
    verdict: &Verdict<'_>,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    let provider = exchange.policy.providers.at(id);
    exchange.observer.event(&Event::Authenticated {
        provider: provider.map_or("", |known| &known.name),
        id,
        verdict: match verdict {
            Verdict::Absent => event::VerdictKind::Absent,
            Verdict::Accepted(_) => event::VerdictKind::Accepted,
            Verdict::Rejected(reason, _) => event::VerdictKind::Rejected(reason.name()),
            Verdict::Foreign(_) => event::VerdictKind::Foreign,
            Verdict::Unavailable(reason) => event::VerdictKind::Unavailable(reason.name()),
        },
    });
}

/// The verdict of this provider.
#[inline(always)]
fn verdict<'e, O: Observer + ?Sized>(
    id: ProviderId,
    head: &Head<'_>,
    exchange: &mut Exchange<'e, O>,
    on_verdict: &impl OnVerdict<'e, O>,
) -> Result<Verdict<'e>, Stop> {
    // The provider exists: a requirement names providers of its own policy.
    let Some(provider) = exchange.policy.providers.at(id) else {
        return Ok(Verdict::Unavailable(Reason::Internal));
    };
    if exchange.memory.waits > 0 {
        if let Some(remembered) = recalled(id, exchange) {
            on_verdict(provider, &remembered, exchange);
            return Ok(remembered);
        }
    }
    let verdict = provider.verdict(id, head.request.headers(), head.path.query(), exchange)?;
    on_verdict(provider, &verdict, exchange);
    Ok(verdict)
}

/// The verdict from before the exchange waited, if it still holds.
#[cold]
#[inline(never)]
fn recalled<'e>(
    id: ProviderId,
    exchange: &mut Exchange<'e, impl Observer + ?Sized>,
) -> Option<Verdict<'e>> {
    let remembered = exchange.memory.verdicts.borrow();
    let (policy, sources, inputs) = (exchange.policy, exchange.sources, &mut exchange.inputs);
    let remembered = remembered.as_ref()?;
    remembered.recall(id, policy, sources, || inputs.now())
}

fn evaluate(requirement: &Requirement, verdicts: &[(ProviderId, Verdict<'_>)]) -> Evaluation {
    match requirement {
        Requirement::None => Evaluation::Anonymous,
        Requirement::Provider(provider) => match verdicts.iter().find(|(id, _)| id == provider) {
            Some((_, Verdict::Accepted(..))) => Evaluation::Accepted(*provider),
            Some((_, Verdict::Rejected(reason, _))) => Evaluation::Rejected(*reason),
            Some((_, Verdict::Unavailable(reason))) => Evaluation::Unavailable(*reason),
            // A foreign token is another provider's business.
            Some((_, Verdict::Absent | Verdict::Foreign(_))) | None => Evaluation::Absent,
        },
        Requirement::Any(list) => any(list, verdicts),
        Requirement::All(list) => all(list, verdicts),
        Requirement::Optional(inner) => match evaluate(inner, verdicts) {
            // A request passes only without any credential of the combination. A part of the combination is not enough.
            Evaluation::Absent if all_absent(inner, verdicts) => Evaluation::Anonymous,
            outcome @ (Evaluation::Accepted(_)
            | Evaluation::Anonymous
            | Evaluation::Absent
            | Evaluation::Rejected(_)
            | Evaluation::Unavailable(_)) => outcome,
        },
    }
}

/// The first requirement that accepts, in the order written. If none accepts, the order is: unavailable, rejected, met without
/// a credential, absent. So an optional requirement doesn't let a request pass that has a bad credential for another one.
fn any(list: &[Requirement], verdicts: &[(ProviderId, Verdict<'_>)]) -> Evaluation {
    let mut best = Evaluation::Absent;
    for requirement in list {
        match (evaluate(requirement, verdicts), best) {
            (met @ Evaluation::Accepted(_), _) => return met,
            (Evaluation::Unavailable(_), Evaluation::Unavailable(_)) => {}
            (unavailable @ Evaluation::Unavailable(_), _) => best = unavailable,
            (Evaluation::Rejected(reason), Evaluation::Absent | Evaluation::Anonymous) => {
                best = Evaluation::Rejected(reason);
            }
            (Evaluation::Anonymous, Evaluation::Absent) => best = Evaluation::Anonymous,
            (Evaluation::Rejected(_) | Evaluation::Anonymous | Evaluation::Absent, _) => {}
        }
    }
    best
}

/// Each requirement must be met. The first one that accepts a credential identifies the sender. A rejected one is final.
fn all(list: &[Requirement], verdicts: &[(ProviderId, Verdict<'_>)]) -> Evaluation {
    let mut sum = Evaluation::Anonymous;
    for requirement in list {
        match (evaluate(requirement, verdicts), sum) {
            (rejected @ Evaluation::Rejected(_), _) => return rejected,
            (Evaluation::Unavailable(_), Evaluation::Unavailable(_)) => {}
            (unavailable @ Evaluation::Unavailable(_), _) => sum = unavailable,
            (Evaluation::Absent, Evaluation::Accepted(_) | Evaluation::Anonymous) => {
                sum = Evaluation::Absent
            }
            (Evaluation::Accepted(provider), Evaluation::Anonymous) => {
                sum = Evaluation::Accepted(provider)
            }
            (Evaluation::Accepted(_) | Evaluation::Anonymous | Evaluation::Absent, _) => {}
        }
    }
    sum
}

fn all_absent(requirement: &Requirement, verdicts: &[(ProviderId, Verdict<'_>)]) -> bool {
    match requirement {
        Requirement::None => true,
        Requirement::Provider(provider) => verdicts.iter().all(|(id, verdict)| {
            id != provider || matches!(verdict, Verdict::Absent | Verdict::Foreign(_))
        }),
        Requirement::Any(list) | Requirement::All(list) => {
            list.iter().all(|one| all_absent(one, verdicts))
        }
        Requirement::Optional(inner) => all_absent(inner, verdicts),
    }
}

fn has_foreign(verdicts: &[(ProviderId, Verdict<'_>)]) -> bool {
    let mut all = verdicts.iter();
    all.any(|(_, verdict)| matches!(verdict, Verdict::Foreign(_)))
}

/// A credential that was rejected, or known to no provider, at a location where none was accepted.
fn rejected_elsewhere(verdicts: &[(ProviderId, Verdict<'_>)]) -> Option<Reason> {
    let good = |location: &Location| {
        verdicts.iter().any(
            |(_, verdict)| matches!(verdict, Verdict::Accepted(good) if good.at.location.overlaps(location)),
        )
    };
    let is_good = |locations: &[&Location]| locations.iter().all(|location| good(location));
    verdicts.iter().find_map(|(_, verdict)| match verdict {
        Verdict::Rejected(reason, locations) if !is_good(locations) => Some(*reason),
        Verdict::Foreign(locations) if !is_good(locations) => Some(Reason::WrongIssuer),
        Verdict::Rejected(..)
        | Verdict::Foreign(_)
        | Verdict::Absent
        | Verdict::Accepted(..)
        | Verdict::Unavailable(_) => None,
    })
}

/// Adds the credentials that meet the requirement. For `any`, these are the credentials of the first branch that accepts: the
/// credential of another branch may be another consumer's.
fn met<'p>(
    requirement: &Requirement,
    verdicts: &[(ProviderId, Verdict<'p>)],
    authenticated: &mut Authenticated<'p>,
) {
    let accepts = |one: &&Requirement| matches!(evaluate(one, verdicts), Evaluation::Accepted(_));
    match requirement {
        Requirement::None => {}
        Requirement::Provider(provider) => {
            let own = verdicts.iter().find(|(id, _)| id == provider);
            if let Some((_, Verdict::Accepted(verified))) = own {
                authenticated.add(verified.clone());
            }
        }
        Requirement::Any(list) => {
            if let Some(first) = list.iter().find(accepts) {
                met(first, verdicts, authenticated);
            }
        }
        Requirement::All(list) => list
            .iter()
            .for_each(|one| met(one, verdicts, authenticated)),
        Requirement::Optional(inner) => met(inner, verdicts, authenticated),
    }
}

/// A denial with the challenges of all providers of the route (RFC 9110 §11.6.1).
#[cold]
#[inline(never)]
fn unauthorized(reason: Reason, route: &Route, policy: &Policy) -> Denial {
    let mut denial = Denial::from(reason);
    challenge_by(route.spec.providers(), &mut denial, &[], policy);
    denial
}
