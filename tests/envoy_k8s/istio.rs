//! The WasmPlugin as istiod and its agent configure it in Envoy, with the stats that Istio and the samples of
//! `k8s/istio/stats` include.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::envoy::{Envoy, Launch, free_address, socket, variable};
use crate::http1::get;
use crate::wait::{ensure, wait_for};
use crate::wrappers::{documents, list, policies, samples};

/// The filter's name as istiod writes it. `COUNTED` is the prefix of its metrics in Prometheus' format.
const NAME: &str =
    "extensions.istio.io/trafficextension/istio-ingress.postern~istio-translated-wasmplugin";
const COUNTED: &str = "envoy_extension_config_discovery_http_filter_extensions_istio_io_trafficextension_istio_ingress_postern_istio_translated_wasmplugin_";

fn sample(folder: &str, kind: &str) -> Value {
    let all = &samples()[folder];
    let found = all.iter().find(|(_, sample)| sample["kind"] == kind);
    found.map(|(_, sample)| sample.clone()).unwrap()
}

/// The proxy configuration in the pod's annotation.
fn proxy() -> Value {
    let pod = sample("k8s/istio/stats", "Deployment");
    let annotations = &pod["spec"]["template"]["metadata"]["annotations"];
    let text = annotations["proxy.istio.io/config"].as_str().unwrap();
    documents(text).unwrap().remove(0)
}

/// The part of Istio's bootstrap about stats.
fn stats_config() -> Value {
    let proxy = proxy();
    let rules: Vec<_> = list(&proxy["extraStatTags"])
        .map(|tag| {
            let tag = tag.as_str().unwrap();
            json!({"tag_name": tag, "regex": format!(r"({tag}=\.=(.*?);\.;)")})
        })
        .collect();
    let own = ["cluster_manager", "listener_manager", "server", "wasm"].map(Value::from);
    let asked = list(&proxy["proxyStatsMatcher"]["inclusionPrefixes"]).cloned();
    let patterns: Vec<_> = own
        .into_iter()
        .chain(asked)
        .map(|prefix| json!({"prefix": prefix}))
        .collect();
    json!({"stats_tags": rules, "stats_matcher": {"inclusion_list": {"patterns": patterns}}})
}

struct Gate {
    envoy: Envoy,
    folder: PathBuf,
    listener: SocketAddr,
}

impl Gate {
    fn start(name: &str, first: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("pushed")).unwrap();
        push(&folder, first, &fetched());
        let listener = free_address();
        let envoy = Envoy::launch(&Launch {
            bootstrap: json!({
                "node": {"id": "gateway", "cluster": "gateway"},
                "stats_config": stats_config(),
                "static_resources": {"listeners": [self::listener(&folder, listener)], "clusters": [registry()]},
            }),
            folder: folder.clone(),
            workers: 1,
            arguments: Vec::new(),
            program: None,
            wasm_log: "info",
        });
        Self {
            envoy: envoy.unwrap(),
            folder,
            listener,
        }
    }

    fn status(&self, path: &str) -> u16 {
        get(self.listener, path, "").unwrap().status()
    }

    /// The value of a metric on Envoy's Prometheus page. `name` includes the labels.
    fn stat(&self, name: &str) -> Option<String> {
        let page = get(self.envoy.admin, "/stats/prometheus", "").unwrap();
        let page = String::from_utf8(page.body).unwrap();
        let own = page.lines().find_map(|line| line.strip_prefix(name));
        own.map(|rest| rest.trim_start_matches("{}").trim().to_owned())
    }

    /// Waits until a metric has this value. An empty value means that the metric is absent.
    fn until(&self, name: &str, wanted: &str) {
        wait_until_equal(name, wanted, || self.stat(name).unwrap_or_default());
    }

    /// Waits until a request has this status.
    fn until_status(&self, path: &str, wanted: u16) {
        let status = || self.status(path).to_string();
        wait_until_equal(path, &wanted.to_string(), status);
    }
}

/// Waits until this value is the wanted one.
fn wait_until_equal(what: &str, wanted: &str, now: impl Fn() -> String) {
    wait_for(Duration::from_secs(30), || {
        let now = now();
        let error = || format!("{what} is {now}, not {wanted}");
        ensure(now == wanted, error)
    });
}

/// A cluster whose endpoint refuses connections.
fn registry() -> Value {
    let nowhere = json!({"endpoint": {"address": socket(free_address().port())}});
    json!({
        "name": "registry",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": "registry", "endpoints": [{"lb_endpoints": [nowhere]}]},
    })
}

fn listener(folder: &Path, address: SocketAddr) -> Value {
    let pushed = folder.join("pushed");
    let filters = json!([
        {"name": NAME, "config_discovery": {
            "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
            "config_source": {"resource_api_version": "V3", "path_config_source": {
                "path": pushed.join("push.json"), "watched_directory": {"path": pushed},
            }},
        }},
        {"name": "envoy.filters.http.router",
         "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"}},
    ]);
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/"}, "direct_response": {"status": 200}},
        ]}]},
    });
    json!({
        "name": "gateway",
        "address": socket(address.port()),
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
        ]}],
    })
}

/// The module's code as the agent writes it instead of the address.
fn fetched() -> Value {
    json!({"local": {"filename": variable("POSTERN_WASM")}})
}

/// Pushes the filter as istiod makes it from the sample.
fn push(folder: &Path, policy: &str, code: &Value) {
    let spec = sample("k8s/istio/ingress", "WasmPlugin")["spec"].clone();
    let resource = json!({"resources": [{
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": NAME,
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "istio-ingress.postern~istio-translated-wasmplugin",
                "root_id": spec["pluginName"],
                "failure_policy": spec["failStrategy"],
                "vm_config": {
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": code,
                },
                "configuration": {"@type": "type.googleapis.com/google.protobuf.StringValue", "value": policy},
            },
        },
    }]});
    let new = folder.join("new.json");
    fs::write(&new, resource.to_string()).unwrap();
    fs::rename(new, folder.join("pushed/push.json")).unwrap();
}

#[test]
fn istio_counts_refused_policies_and_log_lines_name_the_filter() {
    let good = policies(&sample("k8s/istio/ingress", "WasmPlugin")).remove(0);
    let bad = r#"{"routing": "nonsense"}"#;
    let gate = Gate::start("envoy-k8s-istio", bad);
    let counter = |name: &str| format!("{COUNTED}{name}");
    // The alert for a refused first policy uses Envoy's counters, because the filter has no metrics yet.
    gate.until(&counter("update_rejected"), "1");
    assert_eq!(gate.stat(&counter("update_success")).as_deref(), Some("0"));
    assert_eq!(gate.stat("postern_"), None);
    assert_eq!(gate.status("/v0/acme"), 500);
    push(&gate.folder, &good, &fetched());
    gate.until(&counter("update_success"), "1");
    assert_eq!(gate.status("/v0/acme"), 308);
    // The labels come from the rules that Istio makes of `extraStatTags`.
    let moved = r#"postern_decisions_total{route="moved",outcome="answered",reason="none"}"#;
    gate.until(moved, "1");
    push(&gate.folder, bad, &fetched());
    gate.until(&counter("update_rejected"), "2");
    gate.until("postern_policy_refused_total", "1");
    assert_eq!(gate.status("/v0/acme"), 308);
    let log = gate.envoy.log();
    for event in ["policy_refused", "policy_active"] {
        let line = format!("wasm log postern: event={event}");
        assert!(log.contains(&line), "{line}: {log}");
    }
}

/// The reason for a rule in `docs/operations.md`: Envoy must not fetch the module itself over ECDS. It does so if it asks
/// istiod without the agent.
#[test]
fn envoy_lets_requests_through_if_it_has_to_fetch_an_update_itself() {
    let good = policies(&sample("k8s/istio/ingress", "WasmPlugin")).remove(0);
    let gate = Gate::start("envoy-k8s-remote", &good);
    let accepted = format!("{COUNTED}update_success");
    gate.until(&accepted, "1");
    assert_eq!(gate.status("/v0/acme"), 308);
    let remote = json!({"remote": {
        "http_uri": {"uri": "http://registry.test/postern.wasm", "cluster": "registry", "timeout": "1s"},
        "sha256": "0".repeat(64),
    }});
    push(&gate.folder, &good, &remote);
    gate.until(&accepted, "2");
    gate.until_status("/v0/acme", 200);
    // The filter has no metrics any more, and Envoy's own counter does not change.
    gate.until("postern_policy_version", "");
    assert_eq!(gate.stat("envoy_wasm_remote_load_fetch_failures"), None);
    assert_eq!(gate.status("/v0/acme"), 200);
    push(&gate.folder, &good, &fetched());
    gate.until_status("/v0/acme", 308);
}
