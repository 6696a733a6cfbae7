//! The policies that are pushed.

use serde_json::{Value, json};

/// A good one, which tells upstream its number. `ann` may enter by each, `bob` only by the even ones, and `mallory` by none.
pub(crate) fn good(number: u32) -> String {
    policy(number).to_string()
}

pub(crate) fn policy(number: u32) -> Value {
    let consumer = |name: &str| json!({"name": name, "credentials": [{"apiKey": {"value": format!("{name}-key")}}]});
    let mut consumers = vec![consumer("ann")];
    if number % 2 == 0 {
        consumers.push(consumer("bob"));
    }
    // As many as a team may have, so that a push is some work.
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

/// The good one of this number, with routes whose answers depend on a watched document and on an answer learnt on demand.
pub(crate) fn with_sources(number: u32) -> Value {
    let mut policy = with_a_watched_source(number);
    policy["sources"]["profiles"] = json!({
        "http": {"cluster": "centre", "authority": "centre.test", "path": "/profiles/${key}", "timeout": "1s"},
        "onDemand": {"ttl": "10m"},
    });
    look_up(&mut policy, number, "profile", "profiles");
    policy
}

/// The same with the watched document alone.
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

/// Adds a route that passes where a source says so of its key.
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

/// Each is wrong in a way of its own, and would let everybody in if a word of it were believed.
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
            "a word that doesn't exist",
            with("unmatched", json!({"admit": {}})),
        ),
        (
            "a provider that isn't there",
            with(
                "providers",
                json!({"others": {"apiKey": {"from": [{"header": "x"}]}}}),
            ),
        ),
        ("a wrong type", with("consumers", json!("everybody"))),
        ("JSON that ends too soon", crate::gate::by_text(&cut)),
        ("no JSON", crate::gate::by_text("routes: []")),
        ("nothing", crate::gate::by_text("")),
        (
            "a struct",
            json!({"@type": "type.googleapis.com/google.protobuf.Struct", "value": open()}),
        ),
    ]
}
