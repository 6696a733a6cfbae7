//! The stages of one exchange, in order.

mod choose_route;
mod look_up;

use crate::http::Request;
use crate::policy::{
    Audience, Condition, Denial, NeededFacts, Policy, Reason, Route, RouteAction, RouteEdits,
    Unmatched,
};
use crate::route::{RouteId, RouteMatch};

use super::event::{ConsumerName, Event, Observer, Outcome, RouteName};
use super::exchange::authenticate::authenticate;
use super::exchange::authenticated::Authenticated;
use super::exchange::authorize::{Lookups, forbidden, holds};
use super::exchange::challenges::challenge;
use super::exchange::head::Head;
use super::exchange::listed::{lacks_document, tell_defaults};
use super::exchange::lookup_result::LookupResults;
use super::exchange::respond::respond_without_route;
use super::exchange::response_edits::{InvalidValue, late_edits};
use super::exchange::upstream::choose;
use super::exchange::values::Attributes;
use super::exchange::{Exchange, Stop, Wait};
use super::exchange::{answer, forward, strip};
use super::explain::{conditions, edits, trace, upstream};
use super::step::Step;
use choose_route::decide_among;
use look_up::{hold_documents, look_up};

/// The outcome of the stages. A wait isn't registered yet.
pub(super) enum Decision {
    Step(Step),
    Wait(Vec<Wait>),
}

/// Takes a request through all stages.
pub(super) fn decide<'p>(
    request: &Request<'_>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Decision {
    // By reference: a move would copy the whole head for every request.
    let decision = match &Head::read(request, policy) {
        Ok(head) => decide_by(head, policy, exchange),
        Err(denial) => Decision::Step(malformed(denial.clone(), request, policy, exchange)),
    };
    if let Decision::Step(Step::Respond(_)) = &decision {
        strip::query_of_answered(exchange.edits, request, policy);
    }
    decision
}

fn decide_by<'p>(
    head: &Head<'_>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Decision {
    trace::head(head, policy, exchange);
    let found = policy.router.find(&head.for_router());
    if head.notes.is_unclear() {
        return unclear(head, exchange);
    }
    let Some((found, route)) = found.and_then(|found| Some((found, route_of(found, policy)?)))
    else {
        return Decision::Step(unmatched(head, policy, exchange));
    };
    if route.spec.when().is_some() {
        return decide_among(head, found, policy, exchange);
    }
    trace::matched(head, found, route, exchange);
    let followed = follow(head, found, route, policy, exchange);
    decided(followed, head, Some((found.route, route)), exchange)
}

/// The decision of the stages, which is reported.
#[inline(always)]
fn decided<'p>(
    followed: Result<Step, Stop>,
    head: &Head<'_>,
    matched: Matched<'p>,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Decision {
    match followed {
        // A separate branch, so that the compiler knows the outcome. Most requests end here.
        Ok(Step::Continue) => {
            tell(exchange, matched, Outcome::Forwarded, None);
            Decision::Step(Step::Continue)
        }
        Ok(step) => {
            tell(exchange, matched, Outcome::Answered, None);
            Decision::Step(step)
        }
        Err(Stop::Deny(denial)) => Decision::Step(deny(denial, head.request, matched, exchange)),
        Err(Stop::Wait(waits)) => Decision::Wait(waits),
    }
}

#[cold]
#[inline(never)]
fn unclear(head: &Head<'_>, exchange: &mut Exchange<'_, impl Observer + ?Sized>) -> Decision {
    let denial = Reason::UnclearMatch.into();
    Decision::Step(deny(denial, head.request, None, exchange))
}

#[cold]
#[inline(never)]
fn malformed(
    denial: Denial,
    request: &Request<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Step {
    trace::malformed(request, policy, exchange);
    deny(denial, request, None, exchange)
}

fn route_of<'p>(found: RouteMatch<'_>, policy: &'p Policy) -> Option<&'p Route> {
    policy.routes.get(found.route)
}

/// The stages after the match.
fn follow<'p>(
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &'p Route,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<Step, Stop> {
    let mut authenticated = Authenticated::default();
    identify(&mut authenticated, head, found, route, policy, exchange)?;
    act(head, found, route, &authenticated, None, policy, exchange)
}

/// The stage of authentication, and what the host is asked for before.
#[inline(always)]
fn identify<'p>(
    authenticated: &mut Authenticated<'p>,
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &'p Route,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<(), Stop> {
    let needed = route.spec.needed_facts();
    if !needed.is_empty() {
        exchange.memory.facts.learn(needed, exchange.inputs);
    }
    if let Err(stop) = authenticate(authenticated, head, route, exchange, trace::verdict) {
        return Err(unauthenticated(stop, head, found, route, exchange));
    }
    if !policy.log_properties.is_empty() {
        identified(authenticated, exchange.observer);
    }
    Ok(())
}

/// The stages after authentication. `looked_up` are the results of the route's lookups, if its `when` needed them.
#[inline(always)]
fn act<'p>(
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &'p Route,
    authenticated: &Authenticated<'_>,
    looked_up: Option<LookupResults<'p>>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<Step, Stop> {
    let results;
    let mut attributes = Attributes {
        head,
        pattern: found.pattern,
        authenticated,
        looked_up: &[],
        facts: &exchange.memory.facts,
        sources: exchange.sources,
    };
    let needed = route.spec.needed_facts();
    if needed.has(NeededFacts::FIRST_DOCUMENTS) {
        if let Err(stop) = hold_documents(&attributes, route, exchange) {
            return Err(stopped(stop, &attributes, route, exchange));
        }
    }
    // A route without lookups has nothing to drop.
    if !route.spec.lookups().is_empty() {
        results = match looked_up {
            Some(looked_up) => looked_up,
            None => match look_up(&attributes, found, route, policy, exchange) {
                Ok(looked_up) => looked_up,
                Err(stop) => return Err(stopped(stop, &attributes, route, exchange)),
            },
        };
        attributes.looked_up = results.all();
    }
    conditions::checked(route, &attributes, Lookups::Done, policy, exchange);
    if let Some(condition) = route.spec.authorize() {
        if let Err(stop) = may(condition, &attributes, route, policy) {
            return Err(stopped(stop, &attributes, route, exchange));
        }
    }
    if needed.has(NeededFacts::DEFAULTS) {
        tell_defaults(
            found.route,
            route,
            true,
            exchange.sources,
            policy,
            exchange.observer,
        );
    }
    match route.spec.action() {
        RouteAction::Forward(changes) => {
            if let Err(denial) = edit(changes.as_deref(), &attributes, route, policy, exchange) {
                return Err(stopped(denial.into(), &attributes, route, exchange));
            }
            Ok(Step::Continue)
        }
        RouteAction::DirectResponse(answer) => {
            match answer::answered(answer, &attributes, route, policy) {
                Ok(response) => Ok(Step::Respond(response)),
                Err(denial) => Err(stopped(denial.into(), &attributes, route, exchange)),
            }
        }
    }
}

/// Chooses the upstream, and edits the request for it.
#[inline(always)]
fn edit(
    changes: Option<&RouteEdits>,
    attributes: &Attributes<'_>,
    route: &Route,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Result<(), Denial> {
    let chosen = match changes.and_then(|changes| changes.upstream.as_ref()) {
        Some(upstream) => {
            let chosen = choose(upstream, attributes, exchange.inputs, policy);
            upstream::chosen(upstream, &chosen, attributes, policy, exchange);
            chosen?
        }
        None => None,
    };
    edits::made(attributes, route, changes, chosen, policy, exchange);
    forward::edit(exchange.edits, attributes, route, changes, chosen, policy)
}

/// Stops a request that doesn't meet the route's requirement. Its sender is unknown, even if a part of the requirement is met.
#[cold]
#[inline(never)]
fn unauthenticated(
    stop: Stop,
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &Route,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Stop {
    let attributes = Attributes {
        head,
        pattern: found.pattern,
        authenticated: &Authenticated::default(),
        looked_up: &[],
        facts: &exchange.memory.facts,
        sources: exchange.sources,
    };
    stopped(stop, &attributes, route, exchange)
}

/// Stops a request. A denial gets the route's edits of denials.
#[cold]
#[inline(never)]
fn stopped(
    mut stop: Stop,
    attributes: &Attributes<'_>,
    route: &Route,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Stop {
    if matches!(stop, Stop::Wait(..)) {
        attributes.authenticated.remember(exchange);
    }
    // The edits for the upstream's response are not for this response.
    exchange.edits.response.clear();
    exchange.edits.late = None;
    if let Stop::Deny(denial) = &mut stop {
        if denial.reason == Reason::InvalidClaims {
            let policy = exchange.policy;
            challenge(denial, &[], attributes.authenticated, route, policy);
        }
        if let Some(edits) = route.spec.edits_of_denials() {
            // An edit that is omitted is no error.
            exchange.edits.late = late_edits(edits, attributes, InvalidValue::Omit).ok();
        }
    }
    stop
}

#[inline(never)]
fn identified(authenticated: &Authenticated<'_>, observer: &mut (impl Observer + ?Sized)) {
    if let Some(consumer) = authenticated.consumer() {
        let consumer = ConsumerName::of(consumer);
        observer.event(&Event::Identified { consumer });
    }
}

#[inline(never)]
fn may(
    condition: &Condition,
    attributes: &Attributes<'_>,
    route: &Route,
    policy: &Policy,
) -> Result<(), Stop> {
    match holds(condition, attributes, Lookups::Done) {
        Some(true) => Ok(()),
        None if lacks_document(condition, attributes.sources, policy) => {
            Err(Reason::LookupFailed.into())
        }
        Some(false) | None => {
            Err(forbidden(condition, attributes, Lookups::Done, route, policy).into())
        }
    }
}

#[inline(never)]
fn unmatched(
    head: &Head<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Step {
    match &policy.unmatched {
        Unmatched::Respond(written, needed) => {
            let facts = &exchange.memory.facts;
            facts.learn(*needed, exchange.inputs);
            match respond_without_route(written, head, facts, exchange.sources) {
                Ok(response) => {
                    tell(exchange, None, Outcome::Answered, None);
                    Step::Respond(Box::new(response))
                }
                Err(denial) => deny(denial, head.request, None, exchange),
            }
        }
        Unmatched::Pass => {
            tell(exchange, None, Outcome::Forwarded, None);
            forward::pass(exchange.edits, head, policy);
            Step::Continue
        }
    }
}

/// The route that matched.
type Matched<'p> = Option<(RouteId, &'p Route)>;

#[inline(never)]
fn deny(
    denial: Denial,
    request: &Request<'_>,
    matched: Matched<'_>,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Step {
    tell(
        exchange,
        matched,
        Outcome::Denied,
        Some(denial.reason.name()),
    );
    let audience = if request.is_grpc() {
        Audience::Grpc
    } else {
        Audience::Http
    };
    let mut response = denial.respond(audience);
    if let Some(edits) = exchange.edits.late.take() {
        response.edit(&edits);
    }
    Step::Respond(Box::new(response))
}

fn tell(
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
    matched: Matched<'_>,
    outcome: Outcome,
    reason: Option<&'static str>,
) {
    exchange.observer.event(&Event::Decided {
        route: matched.map(|(_, route)| RouteName::of(route, &exchange.policy.routes)),
        id: matched.map(|(id, _)| id),
        outcome,
        reason,
    });
}
