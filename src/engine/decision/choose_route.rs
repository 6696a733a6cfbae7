//! Chooses between routes with the same match, by their `when`.

use crate::engine::event::Observer;
use crate::engine::exchange::authenticated::Authenticated;
use crate::engine::exchange::authorize::{Lookups, holds};
use crate::engine::exchange::head::Head;
use crate::engine::exchange::lookup_result::LookupResults;
use crate::engine::exchange::values::Attributes;
use crate::engine::exchange::{Exchange, Stop};
use crate::engine::explain::{conditions, trace};
use crate::policy::Policy;
use crate::route::RouteMatch;

use super::look_up::{look_up_values, tell_fallbacks};
use super::{Chosen, stopped};

/// Chooses, between the routes of one match, the first whose `when` holds. All of them require the same, and the request has met it.
/// Returns the results of the route's lookups if its `when` needed them.
#[inline(never)]
pub(super) fn choose_route<'f, 'p>(
    head: &'f Head<'_>,
    chosen: &mut Chosen<'f, 'p>,
    authenticated: &Authenticated<'_>,
    policy: &'p Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<Option<LookupResults<'p>>, Stop> {
    let (first, _) = *chosen;
    let alone = [(first.route, first.match_index)];
    for &(id, match_index) in policy.router.equal(&first).unwrap_or(&alone) {
        let found = RouteMatch {
            route: id,
            match_index,
            ..first
        };
        let Some(route) = policy.routes.get(id) else {
            continue;
        };
        *chosen = (found, route);
        trace::considered(head, found, route, exchange);
        let facts = &exchange.memory.facts;
        facts.learn(route.spec.needed_facts(), exchange.inputs);
        let Some(condition) = route.spec.when() else {
            return Ok(None);
        };
        let mut attributes = Attributes {
            head,
            pattern: found.pattern,
            authenticated,
            looked_up: &[],
            facts,
        };
        let mut looked_up = None;
        let mut lookups = Lookups::Pending;
        let mut is_chosen = holds(condition, &attributes, lookups);
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
        if is_chosen == Some(true) {
            if let Some(looked_up) = &looked_up {
                tell_fallbacks(looked_up, found, route, policy, exchange);
            }
            return Ok(looked_up);
        }
    }
    Err(Stop::Unmatched)
}
