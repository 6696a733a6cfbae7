//! The policies that the tests push.

use serde_json::{Value, json};

/// A valid policy, which sends its number to the upstream. Each accepts `ann`, those with an even number accept `bob`, and
/// none accepts `mallory`.
pub(crate) fn good(number: u32) -> String {
    policy(number).to_string()
}

pub(crate) fn policy(number: u32) -> Value {
    let consumer = |name: &str| json!({"name": name, "credentials": [{"apiKey": {"value": format!("{name}-key")}}]});
    let mut consumers = vec![consumer("ann")];
    if number % 2 == 0 {
        consumers.push(consumer("bob"));
    }
    // As many as a team may have, so that a push costs something.
    consumers.extend((0..200).map(|number| consumer(&format!("consumer-{number}"))));
    let mut routes = vec![json!({
        "name": "api",
        "match": [{"path": {"prefix": "/api"}}],
        "require": "keys",
        "rewrite": {"headers": {"set": {"x-policy": number.to_string()}}},
    })];
    routes.extend((0..100).map(|number| {
        json!({
            "name": format!("route-{number}"),
            "match": [{"path": {"prefix": format!("/service-{number}")}}],
            "require": "keys",
        })
    }));
    json!({
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
        "consumers": consumers,
        "routes": routes,
    })
}

/// The policy with this number and two more routes. One depends on a watched document, the other on an on-demand one.
pub(crate) fn with_sources(number: u32) -> Value {
    let mut policy = with_a_watched_source(number);
    policy["sources"]["profiles"] = json!({
        "http": {"cluster": "centre", "authority": "centre.test", "path": "/profiles/${key}", "timeout": "1s"},
        "onDemand": {"ttl": "10m"},
    });
    look_up(&mut policy, number, "profile", "profiles");
    policy
}

/// The same with the watched document only.
pub(crate) fn with_a_watched_source(number: u32) -> Value {
    let mut policy = policy(number);
    policy["sources"] = json!({
        "tenants": {
            "http": {"cluster": "centre", "authority": "centre.test", "path": "/tenants.json", "timeout": "1s"},
            "refresh": "300ms", "index": {"items": "$.tenants[*]", "by": "$.id"},
        },
    });
    look_up(&mut policy, number, "tenant", "tenants");
    policy
}

/// Adds a route that accepts a request if the source's entry for its key says so.
fn look_up(policy: &mut Value, number: u32, name: &str, source: &str) {
    let route = json!({
        "name": name,
        "match": [{"path": {"template": format!("/{name}/{{key}}")}}],
        "require": "none",
        "lookup": {"found": {"source": source, "key": "${path.key}", "values": {"on": "$.on"}}},
        "authorize": {"lookup": "found.on", "equals": true},
        "rewrite": {"headers": {"set": {"x-policy": number.to_string()}}},
    });
    if let Some(routes) = policy["routes"].as_array_mut() {
        routes.push(route);
    }
}

/// Invalid policies, each with another error. Each would accept every request if the rest of it were used.
pub(crate) fn bad() -> Vec<(&'static str, Value)> {
    let open = || {
        let mut open = policy(0);
        open["routes"][0]["require"] = "none".into();
        open["unmatched"] = json!({"pass": {}});
        open
    };
    let with = |path: &str, value: Value| {
        let mut policy = open();
        policy[path] = value;
        crate::gate::by_text(&policy.to_string())
    };
    let mut cut = open().to_string();
    cut.truncate(cut.len().saturating_sub(3));
    vec![
        ("an unknown field", with("route", json!([]))),
        (
            "an unknown variant",
            with("unmatched", json!({"admit": {}})),
        ),
        (
            "an unknown provider",
            with(
                "providers",
                json!({"others": {"apiKey": {"from": [{"header": "x"}]}}}),
            ),
        ),
        ("a wrong type", with("consumers", json!("all"))),
        ("JSON that is cut off", crate::gate::by_text(&cut)),
        ("text that is not JSON", crate::gate::by_text("routes: []")),
        ("an empty text", crate::gate::by_text("")),
        (
            "a struct",
            json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": open()}),
        ),
    ]
}
