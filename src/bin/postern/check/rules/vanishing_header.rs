//! A header that clients send, and that one route sets. It is removed from requests for all other routes.

use postern::config::{CLIENTS_OWN, Config, HeaderEdits, Location, Route};
use postern::http::same_name;

use super::{CheckRule, Warnings, entry};

pub(super) const RULE: CheckRule = CheckRule {
    id: "vanishing-header",
    meaning: "A route sets a header that clients send, so it is removed on every other route.",
    check,
};

/// Headers that browsers, proxies and tracers send.
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

/// Prefixes of more such headers.
const WELL_KNOWN_PREFIXES: [&str; 7] = [
    "access-control-request-",
    "grpc-",
    "sec-",
    "x-amzn-",
    "x-b3-",
    "x-datadog-",
    "x-forwarded-",
];

fn check(config: &Config, warnings: &mut Warnings) {
    let mut reported: Vec<&str> = Vec::new();
    for (at, route) in config.routes.iter().enumerate() {
        for (path, name) in headers_set(at, route) {
            if reported.contains(&name) || !is_well_known(name) || is_kept(name, config) {
                continue;
            }
            reported.push(name);
            let reason = format!(
                "browsers, proxies or tracers send `{name}`; because this route sets it, it is removed from requests for all other routes"
            );
            let suggestion = format!("`clientHeaders: [{name}]` leaves it to clients there");
            warnings.add(path, reason, suggestion);
        }
    }
}

/// The headers that a route sets, each with its path.
fn headers_set(at: usize, route: &Route) -> impl Iterator<Item = (String, &str)> {
    let rewrite = route.rewrite.iter();
    rewrite.flat_map(move |rewrite| {
        let path = format!("routes[{at}].rewrite");
        let mut all: Vec<(String, &HeaderEdits)> = vec![(path.clone(), &rewrite.headers)];
        for edits in &rewrite.edits {
            let path = entry(&format!("{path}.edits"), &edits.name);
            all.push((path, &edits.value.headers));
        }
        all.into_iter().flat_map(|(path, headers)| {
            let path = format!("{path}.headers.set");
            let set = headers.set.iter();
            set.map(move |edit| (entry(&path, &edit.name), &*edit.name))
        })
    })
}

fn is_well_known(name: &str) -> bool {
    let name = name.replace('_', "-");
    let mut prefixes = WELL_KNOWN_PREFIXES.iter();
    WELL_KNOWN.contains(&&*name) || prefixes.any(|prefix| name.starts_with(prefix))
}

/// Whether clients can send the header although a route sets it, or every route sets it.
fn is_kept(name: &str, config: &Config) -> bool {
    let is_name = |other: &str| same_name(other.as_bytes(), name.as_bytes());
    let providers = config.providers.iter();
    let mut locations = providers.flat_map(|provider| provider.value.locations());
    let is_location = |location: &Location| match location {
        Location::Header { name, .. } | Location::Member { name, .. } => is_name(name),
        Location::Query(_) | Location::Cookie(_) => false,
    };
    CLIENTS_OWN.iter().any(|other| is_name(other))
        || config.client_headers.iter().any(|other| is_name(other))
        || locations.any(is_location)
        || config.routes.iter().all(|route| {
            let rewrites = route.rewrite.iter();
            let mut set = rewrites.flat_map(|rewrite| &rewrite.headers.set);
            set.any(|edit| is_name(&edit.name))
        })
}

#[cfg(test)]
mod tests {
    use super::super::tests::paths_of;
    use super::*;

    #[test]
    fn finds_well_known_headers_that_some_routes_set() {
        let policy = r#"{
            "providers": {"l": {"apiKey": {"from": [{"header": "sec-y"}]}}},
            "routes": [
                {"name": "r", "require": "l", "rewrite": {"headers": {
                    "set": {"traceparent": "a", "x-own": "a", "accept": "a", "tracestate": "a", "x-forwarded-host": "a", "via": "a", "sec-y": "a"},
                    "add": {"x-request-id": "a"}
                }}},
                {"name": "s", "match": [{"path": {"prefix": "/s"}}], "require": "l", "rewrite": {"headers": {"set": {"via": "b", "traceparent": "b"}}}},
                {"name": "t", "match": [{"path": {"prefix": "/t"}}], "require": "l", "rewrite": {"headers": {"set": {"via": "b"}}}}
            ],
            "clientHeaders": ["tracestate"]
        }"#;
        let path = |name: &str| format!("routes[0].rewrite.headers.set.{name}");
        assert_eq!(
            paths_of(&RULE, policy),
            [path("traceparent"), path("x-forwarded-host")]
        );
    }
}
