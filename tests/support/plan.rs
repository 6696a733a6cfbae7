//! An Envoy with one listener for each policy.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use crate::envoy::{Envoy, Launch, socket, variable};
use crate::http1::get;

/// What to run. The default has one worker and allows every capability.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The name of the folder for logs and state.
    pub(crate) name: String,
    /// Listener and policy, as JSON text. A repeated listener gets one more filter in its chain.
    pub(crate) policies: Vec<(String, String)>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) clusters: Vec<(String, SocketAddr)>,
    /// Clusters whose endpoint is a unix socket.
    pub(crate) pipes: Vec<(String, PathBuf)>,
    pub(crate) workers: usize,
    /// The allowed capabilities. If it is empty, all are allowed.
    pub(crate) capabilities: Vec<&'static str>,
    /// The level of the log of Wasm: `info`.
    pub(crate) wasm_log: &'static str,
    /// Changes the bootstrap at the end.
    pub(crate) change: fn(&mut Value),
}

/// The header of a local reply with the response code details.
pub(crate) const DETAILS: &str = "x-details";

/// The header of a local reply with the path as the access log has it.
pub(crate) const LOGGED: &str = "x-logged";

impl Default for Plan {
    fn default() -> Self {
        Self {
            name: String::new(),
            policies: Vec::new(),
            environment: BTreeMap::new(),
            clusters: Vec::new(),
            pipes: Vec::new(),
            workers: 1,
            capabilities: Vec::new(),
            wasm_log: "info",
            change: |_| {},
        }
    }
}

impl Plan {
    /// Starts Envoy, and waits until it is ready.
    pub(crate) fn start(&self) -> Result<Envoy, String> {
        self.start_in(None)
    }

    /// The same with another Envoy than the project's own, if `program` is given.
    pub(crate) fn start_in(&self, program: Option<&Path>) -> Result<Envoy, String> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&self.name);
        let _ = fs::remove_dir_all(&folder);
        let mut bootstrap = bootstrap_of(self, &folder.join("access.log"));
        (self.change)(&mut bootstrap);
        Envoy::launch(&Launch {
            bootstrap,
            folder,
            workers: self.workers,
            arguments: Vec::new(),
            program: program.map(Path::to_owned),
            wasm_log: self.wasm_log,
        })
    }
}

impl Envoy {
    /// The address of a listener.
    pub(crate) fn listener(&self, name: &str) -> Option<SocketAddr> {
        let page = get(self.admin, "/listeners?format=json", "").ok()?;
        let page: Value = serde_json::from_slice(&page.body).ok()?;
        let all = page.get("listener_statuses")?.as_array()?;
        let own = all.iter().find(|listener| listener["name"] == name)?;
        let port = own["local_address"]["socket_address"]["port_value"].as_u64()?;
        Some(SocketAddr::from((
            [127, 0, 0, 1],
            u16::try_from(port).ok()?,
        )))
    }
}

/// The demo's bootstrap.
fn demo() -> Value {
    serde_yaml_ng::from_str(include_str!("../../envoy/bootstrap.yaml")).expect("it is YAML")
}

fn bootstrap_of(plan: &Plan, access_log: &Path) -> Value {
    let demo = demo();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let mut log = demo
        .pointer(manager)
        .map_or(Value::Null, |manager| manager["access_log"][0].clone());
    log["typed_config"]["path"] = json!(access_log);
    let mut chains: Vec<(&str, Vec<Value>)> = Vec::new();
    for (name, policy) in &plan.policies {
        let filter = postern(policy, plan);
        match chains.iter_mut().find(|(known, _)| known == name) {
            Some((_, filters)) => filters.push(filter),
            None => chains.push((name, vec![filter])),
        }
    }
    let listeners: Vec<_> = chains
        .into_iter()
        .map(|(name, filters)| listener(name, filters, &log))
        .collect();
    let clusters: Vec<_> = plan
        .clusters
        .iter()
        .map(|(name, address)| {
            // A cluster with the port 0 has no endpoint.
            let address = (address.port() != 0).then(|| socket(address.port()));
            cluster(name, address.as_ref())
        })
        .chain(
            plan.pipes
                .iter()
                .map(|(name, path)| cluster(name, Some(&json!({"pipe": {"path": path}})))),
        )
        .collect();
    json!({
        "stats_config": demo["stats_config"],
        "static_resources": {"listeners": listeners, "clusters": clusters},
    })
}

fn cluster(name: &str, address: Option<&Value>) -> Value {
    let endpoint = |address| json!({"lb_endpoints": [{"endpoint": {"address": address}}]});
    let endpoints: Vec<_> = address.map(endpoint).into_iter().collect();
    json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": endpoints},
    })
}

fn listener(name: &str, mut filters: Vec<Value>, access_log: &Value) -> Value {
    let details = json!({"header": {"key": DETAILS, "value": "%RESPONSE_CODE_DETAILS%"}});
    let logged = json!({"header": {"key": LOGGED, "value": "%REQ(:PATH)%"}});
    let every = json!({"status_code_filter": {"comparison": {
        "op": "GE", "value": {"default_value": 0, "runtime_key": "none"}}}});
    filters.push(json!({
        "name": "envoy.filters.http.router",
        "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
    }));
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": false,
        "access_log": [access_log],
        "local_reply_config": {"mappers": [{"filter": every, "headers_to_add": [details, logged]}]},
        "http_filters": filters,
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [
            {"match": {"prefix": "/", "headers": [{"name": "x-postern-upstream", "present_match": true}]},
             "route": {"cluster_header": "x-postern-upstream"}},
            {"match": {"prefix": "/"}, "route": {"cluster": "default"}},
        ]}]},
    });
    json!({
        "name": name,
        "address": socket(0),
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
        ]}],
    })
}

fn postern(policy: &str, plan: &Plan) -> Value {
    let allowed: Map<String, Value> = plan
        .capabilities
        .iter()
        .map(|name| ((*name).to_owned(), json!({})))
        .collect();
    json!({
        "name": "postern",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
            "config": {
                "name": "postern",
                "vm_config": {
                    "vm_id": "postern",
                    "runtime": "envoy.wasm.runtime.v8",
                    "code": {"local": {"filename": variable("POSTERN_WASM")}},
                    "environment_variables": {"key_values": plan.environment},
                },
                "configuration": {
                    "@type": "type.googleapis.com/google.protobuf.StringValue",
                    "value": policy,
                },
                "capability_restriction_config": {"allowed_capabilities": allowed},
            },
        },
    })
}
