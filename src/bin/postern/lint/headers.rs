//! Headers that clients send and that a route takes away from all the others.

use postern::config::{self, CLIENTS_OWN, Config, Route};
use postern::http::same_name;

use super::{Warning, step, warn};

/// What browsers, proxies and tracers send.
const WELL_KNOWN: [&str; 23] = [
    "baggage",
    "b3",
    "dnt",
    "forwarded",
    "idempotency-key",
    "last-event-id",
    "prefer",
    "priority",
    "save-data",
    "traceparent",
    "tracestate",
    "true-client-ip",
    "upgrade-insecure-requests",
    "via",
    "x-client-ip",
    "x-cloud-trace-context",
    "x-correlation-id",
    "x-csrf-token",
    "x-ot-span-context",
    "x-real-ip",
    "x-request-id",
    "x-requested-with",
    "uber-trace-id",
];

/// How further ones begin.
const FAMILIES: [&str; 7] = [
    "access-control-request-",
    "grpc-",
    "sec-",
    "x-amzn-",
    "x-b3-",
    "x-datadog-",
    "x-forwarded-",
];

/// Warns of headers that some route sets, and that clients then can't send on any other route.
pub(crate) fn vanishing(config: &Config, found: &mut Vec<Warning>) {
    let mut told: Vec<&str> = Vec::new();
    for (at, route) in config.routes.iter().enumerate() {
        for name in set(route) {
            if told.contains(&name) || !is_well_known(name) || stays(name, config) {
                continue;
            }
            told.push(name);
            let path = format!("routes[{at}].rewrite.headers.set{}", step(name));
            let reason = format!(
                "browsers, proxies or tracers send `{name}`; as this route sets it, it is removed from the requests of every other route"
            );
            let suggestion = format!("`clientHeaders: [{name}]` leaves it to clients there");
            warn(found, "vanishing-header", path, reason, suggestion);
        }
    }
    let written: Vec<&str> = config.routes.iter().flat_map(set).collect();
    for (at, name) in config.client_headers.iter().enumerate() {
        if !written.iter().any(|other| is_same(other, name)) {
            let path = format!("clientHeaders[{at}]");
            let reason = "no route sets this header, so it is the client's anyway";
            warn(found, "unused", path, reason, "leave it out");
        }
    }
}

/// The headers that a route sets.
fn set(route: &Route) -> impl Iterator<Item = &str> {
    let rewrite = route.rewrite.iter();
    rewrite.flat_map(|rewrite| rewrite.headers.set.iter().map(|edit| &*edit.name))
}

fn is_well_known(name: &str) -> bool {
    let name = name.replace('_', "-");
    WELL_KNOWN.contains(&&*name) || FAMILIES.iter().any(|family| name.starts_with(family))
}

/// Whether clients may send the header although a route sets it, or every route sets it.
fn stays(name: &str, config: &Config) -> bool {
    let is_own = |other: &&str| is_same(other, name);
    let providers = config.providers.iter();
    let mut credentials = providers.flat_map(|provider| provider.value.locations());
    CLIENTS_OWN.iter().any(is_own)
        || config.client_headers.iter().any(|other| is_same(other, name))
        || credentials.any(|place| matches!(place, config::Location::Header { name: read, .. } | config::Location::Member { name: read, .. } if is_same(read, name)))
        || config.routes.iter().all(|route| set(route).any(|other| is_same(other, name)))
}

fn is_same(left: &str, right: &str) -> bool {
    same_name(left.as_bytes(), right.as_bytes())
}
