//! The lookups of a route, and what is checked before them.

use crate::engine::event::{Event, Observer};
use crate::engine::exchange::authorize::{Lookups, forbidden, holds};
use crate::engine::exchange::lookup_result::{LookupResult, LookupResults};
use crate::engine::exchange::values::Attributes;
use crate::engine::exchange::waits::join;
use crate::engine::exchange::{Exchange, Stop};
use crate::engine::explain::{conditions, trace};
use crate::policy::{Lookup, LookupId, Policy, Route};
use crate::route::RouteMatch;

/// The values of all lookups of a route, in their order.
#[inline(never)]
pub(super) fn look_up<'p>(
    attributes: &Attributes<'_>,
    found: RouteMatch<'_>,
    route: &'p Route,
    policy: &Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<LookupResults<'p>, Stop> {
    // Conditions that need no lookup are checked first, so that a request that isn't allowed causes no callout.
    if let Some(condition) = route.spec.authorize() {
        if holds(condition, attributes, Lookups::Pending) == Some(false) {
            conditions::checked(route, attributes, Lookups::Pending, policy, exchange);
            return Err(forbidden(condition, attributes, Lookups::Pending, route, policy).into());
        }
    }
    let looked_up = look_up_values(attributes, route, policy, exchange)?;
    tell_fallbacks(&looked_up, found, route, policy, exchange);
    Ok(looked_up)
}

pub(super) fn look_up_values<'p>(
    attributes: &Attributes<'_>,
    route: &'p Route,
    policy: &Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<LookupResults<'p>, Stop> {
    match route.spec.lookups() {
        // Most routes with lookups have one.
        [only] => find_out(only, attributes, policy, exchange).map(LookupResults::One),
        several => look_up_all(several, attributes, policy, exchange),
    }
}

/// The values of several lookups. All that can be asked for is asked for before the exchange waits.
#[inline(never)]
fn look_up_all<'p>(
    lookups: &'p [Lookup],
    attributes: &Attributes<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<LookupResults<'p>, Stop> {
    let mut values = Vec::with_capacity(lookups.len());
    let mut waits = Vec::new();
    // Those whose result isn't known yet.
    let mut pending: Vec<LookupId> = Vec::new();
    for (id, lookup) in LookupId::all().zip(lookups) {
        if !pending.is_empty() && lookup.needs_any(&|other| pending.contains(&other)) {
            pending.push(id);
            values.push(LookupResult::PENDING);
            continue;
        }
        let attributes = Attributes {
            looked_up: &values,
            ..*attributes
        };
        match find_out(lookup, &attributes, policy, exchange) {
            Ok(found) => values.push(found),
            Err(Stop::Wait(more)) => {
                join(&mut waits, more);
                pending.push(id);
                values.push(LookupResult::PENDING);
            }
            // A lookup before this one may deny the request too, and its denial comes first. The lookups behind this one don't matter.
            Err(Stop::Deny(_)) if !waits.is_empty() => break,
            Err(denied @ Stop::Deny(_)) => return Err(denied),
        }
    }
    if waits.is_empty() {
        Ok(LookupResults::Several(values))
    } else {
        Err(Stop::Wait(waits))
    }
}

/// Reports the lookups that fell back. Only when all are done: an exchange that waits for a later lookup runs the earlier ones again.
pub(super) fn tell_fallbacks(
    looked_up: &LookupResults<'_>,
    found: RouteMatch<'_>,
    route: &Route,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    for (result, lookup) in looked_up.all().iter().zip(route.spec.lookups()) {
        if result.is_failure_fallback() {
            tell_fallback(&lookup.name, found, route, policy, exchange);
        }
    }
}

fn find_out<'p>(
    lookup: &'p Lookup,
    attributes: &Attributes<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'p, impl Observer + ?Sized>,
) -> Result<LookupResult<'p>, Stop> {
    let found_out = exchange.look_up(lookup, attributes);
    trace::looked_up(lookup, attributes, &found_out, policy, exchange);
    found_out
}

#[cold]
#[inline(never)]
fn tell_fallback(
    lookup: &str,
    found: RouteMatch<'_>,
    route: &Route,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    exchange.observer.event(&Event::FellBack {
        route: policy.routes.name(route),
        id: found.route,
        lookup,
    });
}

/// Waits for the first documents that the route's conditions ask. A request that isn't allowed anyway doesn't wait.
#[cold]
#[inline(never)]
pub(super) fn hold_documents(
    attributes: &Attributes<'_>,
    route: &Route,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) -> Result<(), Stop> {
    let authorize = route.spec.authorize();
    if authorize.is_some_and(|one| holds(one, attributes, Lookups::Pending) == Some(false)) {
        return Ok(());
    }
    let mut held = route.spec.holds().iter();
    held.try_for_each(|(source, hold)| exchange.await_document(*source, *hold))
}
