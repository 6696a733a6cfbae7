//! Chooses the upstream of a request.

use serde_json::Value;

use crate::draw::{Draw, DrawKey, MAX_WEIGHT, Ticket};
use crate::engine::Inputs;
use crate::http::Text;
use crate::number::natural;
use crate::policy::{
    Denial, Policy, Reason, Routing, Split, Upstream, UpstreamCase, UpstreamChoice, Variable,
    Weights,
};

use super::authorize::{Lookups, holds};
use super::listed::lacks_document;
use super::lookup_result::ValueRef;
use super::values::Attributes;

/// The upstream of a request, as it stands in the policy's list. `None` only for a policy without such a list, which has no routes
/// that choose.
#[inline(never)]
pub(in crate::engine) fn choose<'p>(
    upstream: &'p Upstream,
    attributes: &Attributes<'_>,
    inputs: &mut dyn Inputs,
    policy: &'p Policy,
) -> Result<Option<&'p Text>, Denial> {
    let Some(routing) = &policy.routing else {
        return Ok(None);
    };
    let choice = match upstream {
        Upstream::One(choice) => choice,
        Upstream::First(list) => {
            &first(list, attributes, policy)?
                .ok_or(Reason::UpstreamNotAllowed)?
                .upstream
        }
    };
    match choice {
        UpstreamChoice::Named(template) => {
            let name = attributes.needed_bytes(template)?;
            let chosen = routing.allowed(&name).ok_or(Reason::UpstreamNotAllowed)?;
            Ok(Some(chosen))
        }
        UpstreamChoice::Split(split) => drawn(split, attributes, inputs, routing).map(Some),
    }
}

/// The first candidate whose condition holds. There is always one, because the last one has no condition.
///
/// # Errors
/// A condition before it asks a document that isn't usable.
pub(in crate::engine) fn first<'c>(
    list: &'c [UpstreamCase],
    attributes: &Attributes<'_>,
    policy: &Policy,
) -> Result<Option<&'c UpstreamCase>, Denial> {
    for candidate in list {
        let Some(when) = &candidate.when else {
            return Ok(Some(candidate));
        };
        match holds(when, attributes, Lookups::Done) {
            Some(true) => return Ok(Some(candidate)),
            None if lacks_document(when, attributes.sources, policy) => {
                return Err(Reason::LookupFailed.into());
            }
            Some(false) | None => {}
        }
    }
    Ok(None)
}

#[inline(never)]
fn drawn<'p>(
    split: &'p Split,
    attributes: &Attributes<'_>,
    inputs: &mut dyn Inputs,
    routing: &'p Routing,
) -> Result<&'p Text, Denial> {
    let key = match key(split.by.as_ref(), attributes)? {
        Some(key) => key,
        None => DrawKey(inputs.random()),
    };
    let mut draw = Draw::new(key);
    match &split.weights {
        Weights::Fixed(list) => {
            for one in list {
                draw.add(&one.upstream, one.ticket, one.weight);
            }
            // One has a weight: the policy is refused otherwise.
            Ok(draw.winner().ok_or(Reason::UpstreamNotAllowed)?)
        }
        Weights::LookedUp(at) => {
            let weights = attributes.looked_up(*at);
            let Some(ValueRef::Other(Value::Object(weights))) = weights else {
                return Err(Reason::BadLookupValue.into());
            };
            for (name, weight) in weights {
                let name = routing.allowed(name.as_bytes());
                let name = name.ok_or(Reason::UpstreamNotAllowed)?;
                let weight = weight_of(weight).ok_or(Reason::BadLookupValue)?;
                draw.add(name, Ticket::of(name), weight);
            }
            Ok(draw.winner().ok_or(Reason::BadLookupValue)?)
        }
    }
}

/// The key of a draw. `None` if each request draws anew, or the request has no value for it.
pub(in crate::engine) fn key(
    by: Option<&Variable>,
    attributes: &Attributes<'_>,
) -> Result<Option<DrawKey>, Denial> {
    let Some(variable) = by else {
        return Ok(None);
    };
    let value = attributes.value(variable)?;
    let value = value.filter(|value| !value.text.is_empty());
    Ok(value.map(|value| DrawKey::of(&value.text)))
}

/// A weight of a looked-up map.
pub(in crate::engine) fn weight_of(value: &Value) -> Option<u32> {
    let Value::Number(number) = value else {
        return None;
    };
    let weight = u32::try_from(natural(number)?).ok()?;
    (weight <= MAX_WEIGHT).then_some(weight)
}
