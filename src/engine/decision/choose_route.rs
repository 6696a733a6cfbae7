//! Chooses between routes with the same match, by their `when`.

use crate::engine::event::Observer;
use crate::engine::exchange::authenticated::Authenticated;
use crate::engine::exchange::authorize::{Lookups, holds};
use crate::engine::exchange::head::Head;
use crate::engine::exchange::listed::{lacks_document, tell_defaults};
use crate::engine::exchange::lookup_result::LookupResults;
use crate::engine::exchange::values::Attributes;
use crate::engine::exchange::{Exchange, Stop};
use crate::engine::explain::{conditions, trace};
use crate::policy::{NeededFacts, Policy, Reason, Route};
use crate::route::RouteMatch;

use super::look_up::{hold_documents, look_up_values, tell_fallbacks};
use super::{Decision, act, decided, identify, stopped, unmatched};

/// A match, and its route.
type Chosen<'f, 'p> = (RouteMatch<'f>, &'p Route);

/// Takes a request through the stages after the match, where routes with one match have a `when`. All of them require the same.
#[inline(never)]
pub(super) fn decide_among<'p>(
    head: &Head<'_>,
    first: RouteMatch<'_>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Decision {
    let alone = [(first.route, first.match_index)];
    let equal = policy.router.equal(&first).unwrap_or(&alone);
    let all = equal.iter().filter_map(|(id, match_index)| {
        let found = RouteMatch {
            route: *id,
            match_index: *match_index,
            ..first
        };
        Some((found, policy.routes.get(*id)?))
    });
    let all: Vec<Chosen<'_, 'p>> = all.collect();
    let Some(&(found, route)) = all.first() else {
        return Decision::Step(unmatched(head, policy, exchange));
    };
    trace::matched(head, found, route, exchange);
    let mut authenticated = Authenticated::default();
    if let Err(stop) = identify(&mut authenticated, head, found, route, policy, exchange) {
        return decided(Err(stop), head, Some((found.route, route)), exchange);
    }
    for (at, &(found, route)) in all.iter().enumerate() {
        let matched = Some((found.route, route));
        match considered(head, found, route, &authenticated, policy, exchange) {
            Ok(Choice::Taken(looked_up)) => {
                let acted = act(
                    head,
                    found,
                    route,
                    &authenticated,
                    looked_up,
                    policy,
                    exchange,
                );
                if !matches!(acted, Err(Stop::Wait(..))) {
                    tell_passed(&all, at, policy, exchange);
                }
                return decided(acted, head, matched, exchange);
            }
            Ok(Choice::Passed) => {}
            Err(stop) => return decided(Err(stop), head, matched, exchange),
        }
    }
    tell_passed(&all, all.len(), policy, exchange);
    Decision::Step(unmatched(head, policy, exchange))
}

/// Reports where a default passed over a route, before the one at this place.
fn tell_passed(
    all: &[Chosen<'_, '_>],
    before: usize,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    for (found, route) in all.iter().take(before) {
        if route.spec.needed_facts().has(NeededFacts::DEFAULTS) {
            let sources = exchange.sources;
            tell_defaults(
                found.route,
                route,
                false,
                sources,
                policy,
                exchange.observer,
            );
        }
    }
}

/// Whether a route is chosen.
enum Choice<'p> {
    /// It is. Holds the results of its lookups, if its `when` needed them.
    Taken(Option<LookupResults<'p>>),
    /// The next one is considered.
    Passed,
}

fn considered<'p>(
    head: &Head<'_>,
    found: RouteMatch<'_>,
    route: &'p Route,
    authenticated: &Authenticated<'_>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<Choice<'p>, Stop> {
    trace::matched(head, found, route, exchange);
    let facts = &exchange.memory.facts;
    facts.learn(route.spec.needed_facts(), exchange.inputs);
    let Some(condition) = route.spec.when() else {
        return Ok(Choice::Taken(None));
    };
    let mut attributes = Attributes {
        head,
        pattern: found.pattern,
        authenticated,
        looked_up: &[],
        facts,
        sources: exchange.sources,
    };
    let mut looked_up = None;
    let mut lookups = Lookups::Pending;
    let mut is_chosen = holds(condition, &attributes, lookups);
    if is_chosen.is_none() && !route.spec.holds().is_empty() {
        if let Err(stop) = hold_documents(&attributes, route, exchange) {
            return Err(stopped(stop, &attributes, route, exchange));
        }
    }
    if is_chosen.is_none() && !route.spec.lookups().is_empty() {
        looked_up = match look_up_values(&attributes, route, policy, exchange) {
            Ok(looked_up) => Some(looked_up),
            Err(stop) => return Err(stopped(stop, &attributes, route, exchange)),
        };
        attributes.looked_up = looked_up.as_ref().map_or(&[], LookupResults::all);
        lookups = Lookups::Done;
        is_chosen = holds(condition, &attributes, lookups);
    }
    conditions::chosen(condition, route, &attributes, lookups, policy, exchange);
    // Another route would be chosen as if the document said so.
    if is_chosen.is_none() && lacks_document(condition, attributes.sources, policy) {
        let stop = Reason::LookupFailed.into();
        return Err(stopped(stop, &attributes, route, exchange));
    }
    if is_chosen != Some(true) {
        return Ok(Choice::Passed);
    }
    if let Some(looked_up) = &looked_up {
        tell_fallbacks(looked_up, found, route, policy, exchange);
    }
    Ok(Choice::Taken(looked_up))
}
