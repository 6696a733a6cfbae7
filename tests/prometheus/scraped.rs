//! Prometheus scrapes two Envoys with the filter.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};

use crate::armed;
use crate::centre::{Centre, Reply};
use crate::gate::{Delivery, Gate, Setting};
use crate::http1::get;
use crate::server::Prometheus;
use crate::shown::{alerts, conditions, dashboard, list, page};

const AUTHORITY: &str = "centre.test";

fn policy() -> Value {
    let http = |path: &str| json!({"cluster": "centre", "authority": AUTHORITY, "path": path, "timeout": "1s"});
    let open = |name: &str| json!({"name": name, "match": [{"path": {"prefix": format!("/{name}")}}], "require": "none"});
    let looked_up = |name: &str, lookup: Value| {
        let mut route = open(name);
        route["match"] = json!([{"path": {"template": format!("/{name}/{{key}}")}}]);
        route["lookup"] = json!({"found": lookup});
        route
    };
    let mut closed = open("closed");
    closed["require"] = "keys".into();
    let missing =
        json!({"source": "gone", "values": {"x": "$.x"}, "onFailure": {"default": {"x": 1}}});
    let profile = json!({"source": "profiles", "key": "${path.key}", "values": {"x": "$.x"}});
    let remote = http("/jwks.json");
    let corp = json!({"jwt": {"issuer": "https://id.example", "audiences": "any", "keys": {"remote": remote}}});
    json!({
        "consumers": [{"name": "ann", "credentials": [{"apiKey": {"value": "ann-key"}}]}],
        "consumersFrom": [{"source": "partners", "items": "$.consumers[*]"}],
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}, "corp": corp},
        "sources": {
            "partners": {"http": http("/partners.json"), "refresh": "300ms"},
            "gone": {"http": http("/gone.json"), "refresh": "1s"},
            "profiles": {"http": http("/profiles/${key}"), "onDemand": {"ttl": "1m"}},
        },
        "routes": [open("open"), closed, looked_up("lenient", missing), looked_up("user", profile)],
    })
}

fn centre() -> Centre {
    let centre = Centre::start();
    // The filter leaves the second record out.
    let bob = json!({"name": "bob", "credentials": [{"apiKey": {"value": "bob-key"}}]});
    let partners = json!({"consumers": [bob, {}]});
    let keys = json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]});
    for (path, body) in [
        ("/partners.json", partners.to_string()),
        ("/jwks.json", keys.to_string()),
        ("/profiles/ann", r#"{"x": 1}"#.to_owned()),
    ] {
        centre.set(AUTHORITY, path, Reply::ok(body));
    }
    for path in ["/gone.json", "/profiles/eve"] {
        centre.set(AUTHORITY, path, Reply::Down);
    }
    centre
}

/// Sends requests of every kind. Returns how many.
fn requests(gate: &Gate) -> f64 {
    let mut sent = 0.0;
    for _ in 0..5 {
        for (path, key, status) in [
            ("/open/1", "", 200),
            ("/closed", "ann-key", 200),
            ("/closed", "bob-key", 200),
            ("/closed", "unknown-key", 401),
            ("/lenient/x", "", 200),
            ("/user/ann", "", 200),
            ("/user/eve", "", 503),
            ("/nowhere", "", 404),
        ] {
            assert_eq!(gate.status(path, key), status, "{path} {key}");
            sent += 1.0;
        }
    }
    sent
}

/// Metrics of events that this run does not cause.
const NOT_COUNTED: [&str; 3] = [
    "postern_refusals_total",
    "postern_failed_host_calls_total",
    "postern_ignored_callbacks_total",
];

fn gate(name: &'static str, delivery: Delivery, centre: &Centre) -> Gate {
    let mut setting = Setting::new(name, delivery);
    setting.module = armed::module();
    setting.after_a_trap = Some("FAIL_RELOAD");
    setting.centre = Some(centre.address);
    Gate::start(setting, &policy().to_string()).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn each_query_has_a_result_and_the_alerts_fire() {
    let centre = centre();
    let gate = gate("prometheus-ecds", Delivery::Ecds, &centre);
    let by_listener = self::gate("prometheus-lds", Delivery::Lds, &centre);
    let prometheus = Prometheus::start(&[gate.envoy.admin, by_listener.envoy.admin]);
    gate.until("the partners are known", |gate| {
        gate.status("/closed", "bob-key") == 200
    });
    // Prometheus must have scraped the counters of both once before they increase: it does not see the increase of a new
    // series.
    prometheus.until("a first scrape", |prometheus| {
        prometheus
            .value("count(postern_source_usable{source=\"partners\"} == 1) > 1")
            .is_some()
    });
    let sent = requests(&gate);
    let mut bad = policy();
    bad["routing"] = json!("nonsense");
    for gate in [&gate, &by_listener] {
        gate.push(&bad.to_string());
        gate.until("the push is refused", |gate| gate.refused() > 0);
    }
    prometheus.until("all decisions", |prometheus| {
        let sum = prometheus.value("sum(postern_decisions_total)");
        sum.is_some_and(|sum| sum >= sent)
    });
    // A trap loses the counters that the VM has not yet flushed, so it comes last.
    let trap = get(gate.address(), "/open/1", "x-trap: 1\r\n").expect("an answer");
    assert_eq!(trap.status(), 503);
    gate.until("a new VM", |gate| {
        gate.status("/open/1", "");
        gate.stat("vm_reload_success") > 0
    });
    // A rate needs several samples.
    Gate::pause(Duration::from_secs(3));
    check_queries(&prometheus);
    check_alerts(&prometheus);
}

/// Each query is valid, and has a result if this run counted its metric.
fn check_queries(prometheus: &Prometheus) {
    for query in dashboard() {
        let found = prometheus.query(&query);
        let found = found.unwrap_or_else(|error| panic!("{query}: {error}"));
        let counted = !NOT_COUNTED.iter().any(|name| query.contains(name));
        assert!(!found.is_empty() || !counted, "{query} has no result");
    }
    for query in page().iter().chain(&conditions()) {
        let found = prometheus.query(query);
        assert!(found.is_ok(), "{query}: {found:?}");
    }
    assert!(page().len() > 10);
    // Envoy's own metrics, by the names in the alerts and on the page.
    for name in [
        "envoy_listener_manager_lds_update_rejected",
        "envoy_wasm_.*postern.*vm_reload_success",
        "envoy_wasm_.*postern.*vm_reload_failure",
        "envoy_wasm_remote_load_fetch_failures",
        "envoy_extension_config_discovery_http_filter_.*postern.*_update_rejected",
        "envoy_extension_config_discovery_http_filter_.*postern.*_update_success",
    ] {
        let found = prometheus.query(&format!("{{__name__=~\"{name}\"}}"));
        assert!(found.is_ok_and(|found| !found.is_empty()), "{name}");
    }
}

/// Each rule can be evaluated. The alerts for which this run is a reason fire, and no others.
fn check_alerts(prometheus: &Prometheus) {
    let state = |prometheus: &Prometheus| -> BTreeMap<String, String> {
        let page = prometheus.ask("/api/v1/rules").expect("it answers");
        let rules = list(&page["groups"]).flat_map(|group| list(&group["rules"]));
        rules
            .map(|rule| {
                let text = |field: &str| rule[field].as_str().unwrap_or_default().to_owned();
                assert_eq!(text("health"), "ok", "{rule}");
                (text("name"), text("state"))
            })
            .collect()
    };
    let firing = [
        "PosternListenerRefused",
        "PosternPolicyRefused",
        "PosternPushRefused",
        "PosternTrapped",
    ];
    prometheus.until("the alerts fire", |prometheus| {
        let state = state(prometheus);
        firing
            .iter()
            .all(|name| state.get(*name).is_some_and(|state| state == "firing"))
    });
    let state = state(prometheus);
    assert_eq!(state.len(), alerts().len());
    for (name, state) in state {
        let quiet = state != "firing" || firing.contains(&name.as_str());
        assert!(quiet, "{name} is {state}");
    }
}
