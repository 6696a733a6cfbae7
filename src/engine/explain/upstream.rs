//! Reports how an upstream is chosen, to observers that ask for details.

use serde_json::Value;

use crate::http::{Text, same_name};
use crate::policy::{
    Denial, Policy, Split, Upstream, UpstreamCase, UpstreamChoice, Variable, Weights,
};

use crate::engine::event::{Detail, DrawDetail, Observer};
use crate::engine::exchange::Exchange;
use crate::engine::exchange::lookup_result::ValueRef;
use crate::engine::exchange::upstream::{first, weight_of};
use crate::engine::exchange::values::Attributes;

use super::trace::is_wanted;

/// The upstream that was chosen, and how.
pub(in crate::engine) fn chosen(
    upstream: &Upstream,
    chosen: &Result<Option<&Text>, Denial>,
    attributes: &Attributes<'_>,
    policy: &Policy,
    exchange: &mut Exchange<'_, impl Observer + ?Sized>,
) {
    // A template is no choice: the request's edits tell its text.
    let is_template = matches!(upstream, Upstream::One(UpstreamChoice::Named(_)));
    if is_template || !is_wanted(exchange) {
        return;
    }
    let (case, choice) = match upstream {
        Upstream::One(choice) => (None, Some(choice)),
        Upstream::First(list) => {
            let found = first(list, attributes, policy).ok().flatten();
            let is_it = |one: &UpstreamCase| found.is_some_and(|found| std::ptr::eq(one, found));
            (
                list.iter().position(is_it),
                found.map(|found| &found.upstream),
            )
        }
    };
    let (by, key, weights);
    let draw = match choice {
        Some(UpstreamChoice::Split(split)) => {
            by = split.by.as_ref().map(name);
            key = split
                .by
                .as_ref()
                .and_then(|by| shown(by, attributes, policy));
            weights = all_weights(split, attributes);
            Some(DrawDetail {
                by: by.as_deref(),
                key: key.as_deref(),
                weights: &weights,
            })
        }
        Some(UpstreamChoice::Named(_)) | None => None,
    };
    let upstream = chosen.as_ref().ok().copied().flatten();
    exchange.observer.detail(&Detail::UpstreamChosen {
        upstream: upstream.map(|text| &**text),
        case,
        draw,
    });
}

fn name(by: &Variable) -> String {
    if let Variable::Header(name) = by {
        return format!("header {}", name.escape_ascii());
    }
    if let Variable::Cookie(name) = by {
        return format!("cookie {}", name.escape_ascii());
    }
    // No other variable decides a draw.
    let is_address = *by == Variable::SourceAddress;
    if is_address { "address" } else { "consumer" }.to_owned()
}

/// The key, unless it may be a credential.
fn shown(by: &Variable, attributes: &Attributes<'_>, policy: &Policy) -> Option<Vec<u8>> {
    let mut locations = policy
        .providers
        .iter()
        .flat_map(|provider| &provider.locations);
    let is_credential = if let Variable::Header(name) = by {
        locations.any(|location| location.header().is_some_and(|own| same_name(own, name)))
    } else {
        let is_cookie = matches!(by, Variable::Cookie(_));
        is_cookie && locations.any(|location| location.header().is_none())
    };
    if is_credential {
        return Some(b"(hidden)".to_vec());
    }
    let value = attributes.value(by).ok().flatten()?;
    Some(value.text.into_owned()).filter(|text| !text.is_empty())
}

fn all_weights<'w>(split: &'w Split, attributes: &'w Attributes<'_>) -> Vec<(&'w [u8], u32)> {
    match &split.weights {
        Weights::Fixed(list) => list
            .iter()
            .map(|one| (&*one.upstream, one.weight))
            .collect(),
        Weights::LookedUp(at) => match attributes.looked_up(*at) {
            Some(ValueRef::Other(Value::Object(map))) => {
                let weight =
                    |(name, weight): (&'w String, _)| Some((name.as_bytes(), weight_of(weight)?));
                map.iter().filter_map(weight).collect()
            }
            Some(_) | None => Vec::new(),
        },
    }
}
