//! A real Envoy, started by func-e, with one listener for each policy.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value, json};

use crate::http1::{exchange, get};

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Plan {
    /// Names a folder for logs and state.
    pub(crate) name: String,
    /// Listener and policy, as JSON text.
    pub(crate) policies: Vec<(String, String)>,
    pub(crate) environment: BTreeMap<String, String>,
    pub(crate) clusters: Vec<(String, SocketAddr)>,
    pub(crate) workers: usize,
    /// All that the module may call and be called by; everything where it is empty.
    pub(crate) capabilities: Vec<&'static str>,
}

/// A running Envoy. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Envoy {
    child: Child,
    /// The address of its admin pages.
    pub(crate) admin: SocketAddr,
    /// Where its files are; the access log is `access.log`.
    pub(crate) folder: PathBuf,
}

/// The file of the folder that has its log.
const LOG: &str = "envoy.log";

/// The field in which a local reply says why.
pub(crate) const DETAILS: &str = "x-details";

impl Envoy {
    /// Starts it and waits until its listeners are there.
    pub(crate) fn start(plan: &Plan) -> Result<Self, String> {
        let func_e = variable("FUNC_E");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(&plan.name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
        let admin = free_address();
        let bootstrap = folder.join("bootstrap.json");
        let access_log = folder.join("access.log");
        fs::write(
            &bootstrap,
            bootstrap_of(plan, admin, &access_log).to_string(),
        )
        .map_err(|error| error.to_string())?;
        let log = folder.join(LOG);
        let file = File::create(&log).map_err(|error| error.to_string())?;
        let again = file.try_clone().map_err(|error| error.to_string())?;
        let mut command = Command::new(func_e);
        for (name, part) in [
            ("FUNC_E_CONFIG_HOME", "config"),
            ("FUNC_E_DATA_HOME", "data"),
            ("FUNC_E_STATE_HOME", "state"),
            ("FUNC_E_RUNTIME_DIR", "run"),
        ] {
            command.env(name, folder.join(part));
        }
        let child = command
            .arg("run")
            .arg("--config-path")
            .arg(&bootstrap)
            .args(["--disable-hot-restart", "--log-level", "warning"])
            .args(["--file-flush-interval-msec", "100"])
            .args(["--component-log-level", "wasm:info", "--concurrency"])
            .arg(plan.workers.to_string())
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(again)
            .spawn()
            .map_err(|error| format!("func-e can't be started: {error}"))?;
        let mut envoy = Self {
            child,
            admin,
            folder,
        };
        envoy.wait_until_live()?;
        Ok(envoy)
    }

    #[expect(clippy::disallowed_methods, reason = "a process starts in real time")]
    fn wait_until_live(&mut self) -> Result<(), String> {
        let start = Instant::now();
        loop {
            let ready = get(self.admin, "/ready", "");
            if ready.is_ok_and(|answer| answer.status() == 200) {
                return Ok(());
            }
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("Envoy ended ({status}):\n{}", self.log()));
            }
            if start.elapsed() > Duration::from_secs(60) {
                return Err(format!("Envoy isn't ready after a minute:\n{}", self.log()));
            }
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Where a listener listens.
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

    /// Prints the end of the log.
    pub(crate) fn show_log(&self) {
        let log = self.log();
        let lines: Vec<_> = log.lines().collect();
        let last = lines.len().saturating_sub(60);
        let _ = writeln!(
            std::io::stderr(),
            "Envoy's log ends:\n{}",
            lines[last..].join("\n")
        );
    }

    /// All that it has logged.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.folder.join(LOG)).unwrap_or_default()).into_owned()
    }

    /// The lines of the log that no test may cause: a trap ends the filter on its worker.
    pub(crate) fn traps(&self) -> Vec<String> {
        let bad = |line: &&str| {
            let lower = line.to_ascii_lowercase();
            let wasm = lower.contains("wasm") || lower.contains("postern");
            let words = ["trap", "panic", "abort", "unreachable", "[critical]"];
            wasm && words.iter().any(|word| lower.contains(word))
        };
        self.log().lines().filter(bad).map(str::to_owned).collect()
    }
}

impl Drop for Envoy {
    #[expect(clippy::disallowed_methods, reason = "a process ends in real time")]
    fn drop(&mut self) {
        let quit = b"POST /quitquitquit HTTP/1.1\r\nhost: admin\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
        let _ = exchange(self.admin, "POST", quit);
        for attempt in 0..100 {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            if attempt == 50 {
                // func-e passes it on.
                let _ = Command::new("kill")
                    .arg(self.child.id().to_string())
                    .status();
            }
            thread::sleep(Duration::from_millis(100));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn variable(name: &str) -> String {
    let value = std::env::var_os(name).unwrap_or_default();
    let value = value.to_string_lossy().into_owned();
    assert!(!value.is_empty(), "{name} is not set: `make test` sets it");
    value
}

fn free_address() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    listener.local_addr().expect("a bound port")
}

/// The bootstrap that the project shows.
fn shown() -> Value {
    serde_yaml_ng::from_str(include_str!("../../envoy/bootstrap.yaml")).expect("it is YAML")
}

fn bootstrap_of(plan: &Plan, admin: SocketAddr, access_log: &Path) -> Value {
    let shown = shown();
    let manager = "/static_resources/listeners/0/filter_chains/0/filters/0/typed_config";
    let mut log = shown
        .pointer(manager)
        .map_or(Value::Null, |manager| manager["access_log"][0].clone());
    log["typed_config"]["path"] = json!(access_log);
    let listeners: Vec<_> = plan
        .policies
        .iter()
        .map(|(name, policy)| listener(name, policy, plan, &log))
        .collect();
    let clusters: Vec<_> = plan
        .clusters
        .iter()
        .map(|(name, address)| cluster(name, *address))
        .collect();
    json!({
        "admin": {"address": socket(admin.port())},
        "stats_config": shown["stats_config"],
        "static_resources": {"listeners": listeners, "clusters": clusters},
    })
}

fn socket(port: u16) -> Value {
    json!({"socket_address": {"address": "127.0.0.1", "port_value": port}})
}

fn cluster(name: &str, address: SocketAddr) -> Value {
    json!({
        "name": name,
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(address.port())}}]}],
        },
    })
}

fn listener(name: &str, policy: &str, plan: &Plan, access_log: &Value) -> Value {
    let details = json!({"header": {"key": DETAILS, "value": "%RESPONSE_CODE_DETAILS%"}});
    let every = json!({"status_code_filter": {"comparison": {
        "op": "GE", "value": {"default_value": 0, "runtime_key": "none"}}}});
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "generate_request_id": false,
        "access_log": [access_log],
        "local_reply_config": {"mappers": [{"filter": every, "headers_to_add": [details]}]},
        "http_filters": [postern(policy, plan), {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
        }],
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
