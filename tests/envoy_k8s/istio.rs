//! The WasmPlugin as istiod and its agent hand it to Envoy, with the stats that Istio and the samples of `k8s/istio/stats` let through.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::envoy::{Envoy, Launch, free_address, socket, variable};
use crate::http1::get;
use crate::wrappers::{documents, list, policies, samples};

/// What istiod calls the filter, and what Envoy makes of that in Prometheus' format.
const NAME: &str =
    "extensions.istio.io/trafficextension/istio-ingress.postern~istio-translated-wasmplugin";
const COUNTED: &str = "envoy_extension_config_discovery_http_filter_extensions_istio_io_trafficextension_istio_ingress_postern_istio_translated_wasmplugin_";

fn sample(folder: &str, kind: &str) -> Value {
    let all = &samples()[folder];
    let found = all.iter().find(|(_, sample)| sample["kind"] == kind);
    found.map(|(_, sample)| sample.clone()).unwrap()
}

/// The pod's part of it, as the annotation has it.
fn proxy() -> Value {
    let pod = sample("k8s/istio/stats", "Deployment");
    let annotations = &pod["spec"]["template"]["metadata"]["annotations"];
    let text = annotations["proxy.istio.io/config"].as_str().unwrap();
    documents(text).unwrap().remove(0)
}

/// Istio's bootstrap, as far as stats go.
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

    /// What Prometheus reads of a name, with its labels.
    fn stat(&self, name: &str) -> Option<String> {
        let page = get(self.envoy.admin, "/stats/prometheus", "").unwrap();
        let page = String::from_utf8(page.body).unwrap();
        let own = page.lines().find_map(|line| line.strip_prefix(name));
        own.map(|rest| rest.trim_start_matches("{}").trim().to_owned())
    }

    /// Waits until a stat is such; it isn't there where nothing is wanted.
    fn until(&self, name: &str, wanted: &str) {
        self.wait(name, wanted, || self.stat(name).unwrap_or_default());
    }

    /// Waits until a request is answered so.
    fn until_status(&self, path: &str, wanted: u16) {
        let status = || self.status(path).to_string();
        self.wait(path, &wanted.to_string(), status);
    }

    #[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
    fn wait(&self, what: &str, wanted: &str, now: impl Fn() -> String) {
        let start = Instant::now();
        while now() != wanted {
            if start.elapsed() > Duration::from_secs(30) {
                self.envoy.show_log();
                panic!("{what} is {}, not {wanted}", now());
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

/// Nothing listens there.
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

/// What the agent puts in the place of the module's address.
fn fetched() -> Value {
    json!({"local": {"filename": variable("POSTERN_WASM")}})
}

/// As istiod makes it of the sample.
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
fn refusals_are_counted_where_istio_lets_them_through_and_log_lines_name_the_filter() {
    let good = policies(&sample("k8s/istio/ingress", "WasmPlugin")).remove(0);
    let bad = r#"{"routing": "nonsense"}"#;
    let gate = Gate::start("envoy-k8s-istio", bad);
    let counter = |name: &str| format!("{COUNTED}{name}");
    // What the alert on a first policy that was refused looks at: nothing of the filter's own is there.
    gate.until(&counter("update_rejected"), "1");
    assert_eq!(gate.stat(&counter("update_success")).as_deref(), Some("0"));
    assert_eq!(gate.stat("postern_"), None);
    assert_eq!(gate.status("/v0/acme"), 500);
    push(&gate.folder, &good, &fetched());
    gate.until(&counter("update_success"), "1");
    assert_eq!(gate.status("/v0/acme"), 308);
    // Labels by the rules that Istio makes of `extraStatTags`.
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

/// Why `docs/operations.md` says that no Envoy may fetch the module itself by ECDS, as it does where istiod is asked without the agent.
#[test]
fn envoy_lets_everybody_through_where_it_is_to_fetch_an_update_itself() {
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
    // Nothing of the filter's is left to count it, and Envoy's own count doesn't move.
    gate.until("postern_policy_version", "");
    assert_eq!(gate.stat("envoy_wasm_remote_load_fetch_failures"), None);
    assert_eq!(gate.status("/v0/acme"), 200);
    push(&gate.folder, &good, &fetched());
    gate.until_status("/v0/acme", 308);
}
