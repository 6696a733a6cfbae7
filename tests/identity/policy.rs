//! The policies of the gate.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::front::Front;
use crate::gate::Gate;
use crate::issuer::{AUTHORITY, GATE, GATE_SECRET, ISSUER};
use crate::plan::Plan;

/// The time between two fetches of the keys.
pub(crate) const REFRESH: &str = "300ms";

/// Keys from the path of the provider's set, with changes.
pub(crate) fn remote(changes: &Value) -> Value {
    let keys = json!({
        "cluster": "id", "authority": AUTHORITY, "path": "/jwks", "timeout": "800ms", "maxBytes": 8192,
        "refresh": REFRESH, "staleFor": "1h", "unknownKidInterval": "1s",
    });
    json!({"remote": changed(keys, changes)})
}

/// Keys from where the provider says, with changes.
pub(crate) fn discovery(changes: &Value) -> Value {
    let keys = json!({
        "cluster": "id", "timeout": "800ms", "maxBytes": 8192,
        "refresh": REFRESH, "staleFor": "1h", "unknownKidInterval": "1s",
    });
    json!({"discovery": changed(keys, changes)})
}

/// The provider's introspection, with changes.
pub(crate) fn introspection(changes: &Value) -> Value {
    let endpoint = json!({
        "cluster": "id", "authority": AUTHORITY, "path": "/token/introspection", "timeout": "1s",
        "client": {"id": GATE, "secret": {"env": "GATE_SECRET"}}, "ttl": "1s", "missTtl": "500ms",
    });
    changed(endpoint, changes)
}

fn changed(mut value: Value, changes: &Value) -> Value {
    for (name, change) in changes.as_object().into_iter().flatten() {
        value[name] = change.clone();
    }
    value
}

/// A policy with these keys, and these introspections by name. `/jwt` wants a JWT, `/NAME` a token that is asked about, and
/// `/mixed/NAME` any of both.
pub(crate) fn policy(keys: &Value, introspections: &[(&str, Value)]) -> String {
    let mut providers = json!({"corp": {"jwt": {
        "issuer": ISSUER, "audiences": "urn:api", "keys": keys, "claimHeaders": {"x-client": "client_id"},
        // The tests send far more new tokens than clients do.
        "verificationShare": "100%", "leeway": "0s",
    }}});
    let route = |path: &str, require: Value| json!({"name": path, "match": [{"path": {"prefix": path}}], "require": require});
    let mut routes = vec![route("/jwt", json!("corp"))];
    for (name, introspection) in introspections {
        providers[name] = json!({"opaque": {
            "introspection": introspection, "issuer": ISSUER, "claimHeaders": {"x-client": "client_id"}, "leeway": "0s",
        }});
        routes.push(route(&format!("/{name}"), json!(name)));
        routes.push(route(
            &format!("/mixed/{name}"),
            json!({"any": ["corp", name]}),
        ));
    }
    json!({"providers": providers, "routes": routes}).to_string()
}

/// Starts Envoy with a policy. The cluster of the issuer is `id`.
pub(crate) fn gate(name: &str, policy: &str, front: &Front) -> Gate {
    Gate::start(Plan {
        name: format!("identity-{name}"),
        policies: vec![("gate".into(), policy.into())],
        environment: BTreeMap::from([("GATE_SECRET".into(), GATE_SECRET.into())]),
        clusters: vec![("id".into(), front.address)],
        ..Plan::default()
    })
}
