//! An Envoy whose policy can be pushed while it runs.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::{Value, json};

use crate::envoy::{Envoy, Launch, socket, variable};
use crate::http1::get;
use crate::wait::{ensure, pause, wait_for};

/// The number of Envoy's workers.
pub(crate) const WORKERS: usize = 4;

/// The idle timeout of a stream.
pub(crate) const IDLE: Duration = Duration::from_secs(4);

/// How Envoy gets a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    Ecds,
    Lds,
    Static,
}

/// What to run.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) delivery: Delivery,
    pub(crate) module: PathBuf,
    /// The `vm_id`: filters with the same one share their VMs.
    pub(crate) vm_id: &'static str,
    /// Envoy's `failure_policy`, for the time after a trap.
    pub(crate) after_a_trap: Option<&'static str>,
    /// The config centre, for policies that have a source.
    pub(crate) centre: Option<SocketAddr>,
    /// More arguments for Envoy.
    pub(crate) arguments: Vec<String>,
    /// Another Envoy than the project's own.
    pub(crate) program: Option<PathBuf>,
    /// The port that it shares with an earlier Envoy.
    pub(crate) port: Option<u16>,
}

impl Setting {
    pub(crate) fn new(name: &'static str, delivery: Delivery) -> Self {
        Self {
            name,
            delivery,
            module: variable("POSTERN_WASM").into(),
            vm_id: "postern",
            after_a_trap: None,
            centre: None,
            arguments: Vec::new(),
            program: None,
            port: None,
        }
    }
}

/// A running Envoy whose policy can be pushed.
#[derive(Debug)]
pub(crate) struct Gate {
    pub(crate) envoy: Envoy,
    setting: Setting,
    pub(crate) folder: PathBuf,
    port: u16,
}

impl Gate {
    /// Starts Envoy with a first policy, as JSON text.
    pub(crate) fn start(setting: Setting, first: &str) -> Result<Self, String> {
        let of_version = setting.program.as_deref().and_then(Path::parent);
        let of_version = of_version.and_then(Path::file_name).unwrap_or_default();
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(setting.name)
            .join(of_version)
            .join(setting.module.file_stem().unwrap_or_default());
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(folder.join("pushed")).map_err(|error| error.to_string())?;
        let port = setting.port;
        let port = port.unwrap_or_else(|| crate::envoy::free_address().port());
        write(&folder, &resource(&setting, port, &by_text(first)));
        let launch = Launch {
            bootstrap: bootstrap(&setting, port, &folder, first),
            folder: folder.clone(),
            workers: WORKERS,
            arguments: setting.arguments.clone(),
            program: setting.program.clone(),
            wasm_log: "info",
        };
        let envoy = Envoy::launch(&launch)?;
        Ok(Self {
            envoy,
            setting,
            folder,
            port,
        })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Pushes a policy.
    pub(crate) fn push(&self, policy: &str) {
        self.push_value(&by_text(policy));
    }

    /// Pushes any configuration of the filter.
    pub(crate) fn push_value(&self, configuration: &Value) {
        write(
            &self.folder,
            &resource(&self.setting, self.port, configuration),
        );
    }

    /// Pushes a policy with another module.
    pub(crate) fn push_module(&self, policy: &str, module: &Path) {
        let mut setting = self.setting.clone();
        setting.module = module.to_owned();
        write(
            &self.folder,
            &resource(&setting, self.port, &by_text(policy)),
        );
    }

    /// Pushes a policy with another `vm_id`.
    pub(crate) fn push_in(&self, vm_id: &'static str, policy: &str) {
        let mut setting = self.setting.clone();
        setting.vm_id = vm_id;
        write(
            &self.folder,
            &resource(&setting, self.port, &by_text(policy)),
        );
    }

    /// The sum of Envoy's stats whose names end with `end`.
    pub(crate) fn stat(&self, end: &str) -> u64 {
        let stats = self.envoy.stats("").into_iter();
        let own = stats.filter(|(name, _)| name.ends_with(end));
        own.map(|(_, value)| value).sum()
    }

    /// The number of pushes that Envoy has refused.
    pub(crate) fn refused(&self) -> u64 {
        match self.setting.delivery {
            Delivery::Ecds => {
                self.stat("extension_config_discovery.http_filter.postern.config_fail")
            }
            Delivery::Lds => self.stat("listener_manager.lds.update_rejected"),
            Delivery::Static => 0,
        }
    }

    /// Waits until a condition holds, at most 20 s.
    pub(crate) fn until(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        wait_for(Duration::from_secs(20), || {
            ensure(holds(self), || format!("does not hold: {what}"))
        });
    }

    /// Lets time pass.
    pub(crate) fn pause(span: Duration) {
        pause(span);
    }

    /// The status of one request on a new connection; 0 if no answer came.
    pub(crate) fn status(&self, path: &str, key: &str) -> u16 {
        let key = format!("x-api-key: {key}\r\n");
        get(self.address(), path, &key).map_or(0, |answer| answer.status())
    }
}

/// A policy as the configuration of the filter.
pub(crate) fn by_text(policy: &str) -> Value {
    json!({"@type": "type.googleapis.com/google.protobuf.StringValue", "value": policy})
}

/// Writes the pushed file by rename, so that Envoy never reads a part of it.
fn write(folder: &Path, resource: &Value) {
    let new = folder.join("new.json");
    fs::write(&new, resource.to_string()).expect("the test's folder is writable");
    fs::rename(new, folder.join("pushed/push.json")).expect("the test's folder is writable");
}

fn resource(setting: &Setting, port: u16, configuration: &Value) -> Value {
    let resource = match setting.delivery {
        Delivery::Ecds => json!({
            "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
            "name": "postern",
            "typed_config": filter(setting, configuration),
        }),
        Delivery::Lds | Delivery::Static => {
            let named = json!({"name": "postern", "typed_config": filter(setting, configuration)});
            let mut listener = listener(port, &named);
            listener["@type"] = "type.googleapis.com/envoy.config.listener.v3.Listener".into();
            listener
        }
    };
    json!({"resources": [resource]})
}

fn filter(setting: &Setting, configuration: &Value) -> Value {
    let mut config = json!({
        "name": "postern",
        "root_id": "postern",
        "vm_config": {
            "vm_id": setting.vm_id,
            "runtime": "envoy.wasm.runtime.v8",
            "code": {"local": {"filename": setting.module}},
        },
        "configuration": configuration,
    });
    if let Some(word) = setting.after_a_trap {
        config["failure_policy"] = word.into();
    }
    json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm",
        "config": config,
    })
}

/// A listener that answers accepted requests itself, with the number of the policy.
fn listener(port: u16, filter: &Value) -> Value {
    let manager = json!({
        "@type": "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gate",
        "generate_request_id": false,
        "stream_idle_timeout": format!("{}s", IDLE.as_secs()),
        "http_filters": [filter, {
            "name": "envoy.filters.http.router",
            "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
        }],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": [{
            "match": {"prefix": "/"},
            "direct_response": {"status": 200},
            "response_headers_to_add": [{"header": {"key": "x-policy", "value": "%REQ(X-POLICY)%"}}],
        }]}]},
    });
    let mut address = socket(port);
    address["socket_address"]["address"] = "127.0.0.1".into();
    json!({
        "name": "gate",
        "address": address,
        // Each worker gets the same number of connections.
        "connection_balance_config": {"exact_balance": {}},
        "filter_chains": [{"filters": [
            {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager},
        ]}],
    })
}

fn bootstrap(setting: &Setting, port: u16, folder: &Path, first: &str) -> Value {
    let pushed = folder.join("pushed");
    let from_file = json!({
        "resource_api_version": "V3",
        "path_config_source": {"path": pushed.join("push.json"), "watched_directory": {"path": pushed}},
    });
    let centre = setting.centre.map(|address| {
        json!({
            "name": "centre",
            "connect_timeout": "1s",
            "load_assignment": {
                "cluster_name": "centre",
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": socket(address.port())}}]}],
            },
        })
    });
    let shown: Value =
        serde_yaml_ng::from_str(include_str!("../../envoy/bootstrap.yaml")).expect("it is YAML");
    let mut bootstrap = json!({
        "node": {"id": "push", "cluster": "push"},
        "stats_config": shown["stats_config"],
        "static_resources": {"clusters": centre.into_iter().collect::<Vec<_>>(), "listeners": []},
    });
    match setting.delivery {
        Delivery::Ecds => {
            let discovered = json!({"name": "postern", "config_discovery": {
                "type_urls": ["type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm"],
                "config_source": from_file,
            }});
            bootstrap["static_resources"]["listeners"] = json!([listener(port, &discovered)]);
        }
        Delivery::Lds => bootstrap["dynamic_resources"] = json!({"lds_config": from_file}),
        Delivery::Static => {
            let named =
                json!({"name": "postern", "typed_config": filter(setting, &by_text(first))});
            bootstrap["static_resources"]["listeners"] = json!([listener(port, &named)]);
        }
    }
    bootstrap
}
