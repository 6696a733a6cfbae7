//! Tables of routes of Envoy.

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

/// The listeners, each with its own table.
pub(crate) const BY_ANYTHING: &str = "by-anything";
pub(crate) const GUARDED: &str = "guarded";
pub(crate) const PROBE: &str = "probe";
pub(crate) const BY_ROUTING_HEADER: &str = "by-routing-header";

/// The header by which the policy chooses.
pub(crate) const HEADER: &str = "x-postern-upstream";

/// The clusters that policies choose from, and the one without a choice.
pub(crate) const ALLOWED: [&str; 3] = ["default", "blue", "green"];

/// The clusters behind routes that match by something else, named after that.
pub(crate) const OTHERS: [&str; 6] = ["path", "host", "header", "method", "query", "key"];

/// Gives the listeners their tables. That of `BY_ROUTING_HEADER` has one already.
pub(crate) fn change(bootstrap: &mut Value) {
    let listeners = bootstrap
        .pointer_mut("/static_resources/listeners")
        .and_then(Value::as_array_mut);
    for listener in listeners.expect("a list") {
        let name = listener["name"].as_str().unwrap_or_default().to_owned();
        let manager = &mut listener["filter_chains"][0]["filters"][0]["typed_config"];
        if name != BY_ROUTING_HEADER {
            manager["route_config"] = by_anything();
        }
        if name == GUARDED {
            let filters = manager["http_filters"].as_array_mut().expect("a list");
            filters.insert(1, guard());
        }
        if name == PROBE {
            manager["http_filters"][0] = probe();
        }
    }
}

/// Routes that match by everything that an edit can change.
fn by_anything() -> Value {
    let to = |cluster: &str, more: Value| {
        let mut route = json!({"match": {"prefix": "/"}, "route": {"cluster": cluster}});
        for (field, value) in more.as_object().into_iter().flatten() {
            route["match"][field] = value.clone();
        }
        route
    };
    let exact = |name: &str, value: &str| json!([{"name": name, "string_match": {"exact": value}}]);
    let present = |name: &str| json!([{"name": name, "present_match": true}]);
    let mut chosen = to("", json!({"headers": present(HEADER)}));
    chosen["route"] = json!({"cluster_header": HEADER});
    json!({"virtual_hosts": [
        {"name": "other", "domains": ["other.test"], "routes": [to("host", json!({}))]},
        {"name": "all", "domains": ["*"], "routes": [
            to("header", json!({"headers": present("x-to")})),
            to("method", json!({"headers": exact(":method", "PUT")})),
            to("query", json!({"query_parameters": exact("to", "there")})),
            to("key", json!({"headers": present("x-api-key")})),
            to("path", json!({"prefix": "/elsewhere/"})),
            chosen,
            to("default", json!({})),
        ]},
    ]})
}

/// The filter behind Postern that `docs/rewriting.md` shows: it lets nothing go to other clusters.
fn guard() -> Value {
    let page = include_str!("../../docs/rewriting.md");
    let start = "name: envoy.filters.http.rbac\n";
    let (_, example) = page.split_once(start).expect("the page has the example");
    let (example, _) = example.split_once("```").expect("the example ends");
    serde_yaml_ng::from_str(&[start, example].concat()).expect("it is YAML")
}

/// A filter in the place of Postern.
fn probe() -> Value {
    let module = wat::parse_str(include_str!("probe.wat")).expect("it is a module");
    let code = json!({"local": {"inline_bytes": Base64::encode_string(&module)}});
    json!({
        "name": "probe",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {"name": "probe", "vm_config": {
                "vm_id": "probe", "runtime": "envoy.wasm.runtime.v8", "code": code,
            }},
        },
    })
}
