//! Consul, with a token that may read what the gate reads; and the same server, read as Spring Cloud Consul does.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::centre::{Centre, DOCUMENTS, PASSWORD, poison, record, send};
use crate::front::{Asked, Pick};
use crate::http1::get;
use crate::process::{Process, free_address, new_folder, programs};
use crate::wait::{ensure, wait_for};

/// Tokens of Consul are UUIDs.
const ROOT: &str = "11111111-1111-1111-1111-111111111111";
const GATE: &str = "7c1e0000-5d2f-4a3b-9c8d-93ab00000001";

#[derive(Debug)]
pub(crate) struct Consul {
    folder: PathBuf,
    address: SocketAddr,
    /// Those of the servers among each other.
    others: [SocketAddr; 2],
    process: Option<Process>,
}

impl Consul {
    /// Starts one. The gate has no token yet.
    pub(crate) fn new(name: &str) -> Self {
        let mut consul = Self {
            folder: new_folder(name),
            address: free_address(),
            others: [free_address(), free_address()],
            process: None,
        };
        consul.start();
        let rules =
            r#"key_prefix "gate/" { policy = "read" } key_prefix "config/" { policy = "read" }"#;
        let policy = json!({"Name": "gate", "Rules": rules}).to_string();
        assert_eq!(consul.put_at("acl/policy", &policy), 200);
        consul
    }

    fn put_at(&self, path: &str, body: &str) -> u16 {
        let fields = format!("x-consul-token: {ROOT}\r\n");
        let path = format!("/v1/{path}");
        let answer = send(self.address, "PUT", &path, &fields, body);
        answer.expect("Consul answers").status()
    }

    fn get_at(&self, path: &str) -> (u16, Value) {
        let fields = format!("x-consul-token: {ROOT}\r\n");
        let answer = get(self.address, &format!("/v1/{path}"), &fields);
        answer.map_or((0, Value::Null), |answer| {
            let body = serde_json::from_slice(&answer.body).unwrap_or_default();
            (answer.status(), body)
        })
    }

    fn delete_at(&self, path: &str) {
        let fields = format!("x-consul-token: {ROOT}\r\n");
        let answer = send(self.address, "DELETE", &format!("/v1/{path}"), &fields, "");
        assert_eq!(answer.expect("Consul answers").status(), 200, "{path}");
    }
}

impl Centre for Consul {
    fn version(&self) -> String {
        let (_, own) = self.get_at("agent/self");
        let version = own["Config"]["Version"].as_str().unwrap_or_default();
        format!("Consul {version}")
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn source(&self, document: &str) -> Value {
        record(&json!({"key": format!("gate/{document}"), "token": GATE}))
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        self.put_at(&format!("kv/gate/{document}"), text) == 200
    }

    fn delete(&mut self, document: &str) {
        self.delete_at(&format!("kv/gate/{document}"));
    }

    fn reads(&self) -> Pick {
        |asked| asked.path.starts_with("/v1/kv/")
    }

    fn looks(&self) -> Pick {
        |asked| asked.path.starts_with("/v1/kv/gate/")
    }

    fn logs_in(&self) -> Pick {
        |_| false
    }

    /// With another password the token of the gate is none.
    fn set_password(&mut self, password: &str) -> bool {
        let (_, tokens) = self.get_at("acl/tokens");
        let of_gate = |token: &&Value| token["Description"] == "gate";
        let known = tokens.as_array().into_iter().flatten().find(of_gate);
        match (known, password == PASSWORD) {
            (None, true) => {
                let token = json!({
                    "SecretID": GATE, "Description": "gate", "Policies": [{"Name": "gate"}],
                });
                assert_eq!(self.put_at("acl/token", &token.to_string()), 200);
            }
            (Some(token), false) => {
                let accessor = token["AccessorID"].as_str().unwrap_or_default().to_owned();
                self.delete_at(&format!("acl/token/{accessor}"));
            }
            (None, false) | (Some(_), true) => {}
        }
        true
    }

    fn stop(&mut self) {
        self.process = None;
    }

    fn start(&mut self) {
        let [server, serf] = self.others.map(|address| address.port());
        let configuration = json!({
            "server": true, "bootstrap": true, "data_dir": self.folder.join("data"), "bind_addr": "127.0.0.1",
            "client_addr": "127.0.0.1", "node_name": "one", "log_level": "WARN", "disable_update_check": true,
            "performance": {"raft_multiplier": 1},
            "ports": {"http": self.address.port(), "server": server, "serf_lan": serf, "serf_wan": -1, "dns": -1, "grpc": -1},
            "acl": {"enabled": true, "default_policy": "deny", "tokens": {"initial_management": ROOT}},
        });
        let file = self.folder.join("consul.json");
        fs::write(&file, configuration.to_string()).expect("a writable folder");
        let mut command = Command::new(programs().join("consul/consul"));
        command.arg("agent").arg("-config-file").arg(file);
        let log = self.folder.join("consul.log");
        let ready = || {
            // There is a leader, and it knows the token.
            let (status, _) = self.get_at("kv/gate/nothing");
            ensure(status == 404, || format!("Consul: {status}"))
        };
        let process = Process::start(command, &log, ready);
        self.process = Some(process);
        // A write may still be refused for a moment.
        wait_for(std::time::Duration::from_secs(10), || {
            let status = self.put_at("kv/other", "1");
            ensure(status == 200, || format!("Consul: {status}"))
        });
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn secrets(&self, _: &[Asked]) -> Vec<String> {
        vec![GATE.to_owned(), ROOT.to_owned()]
    }
}

/// The same server, read as an application of Spring reads it. The key of the profile has the document, and covers another one,
/// which must not be used.
pub(crate) struct SpringConsul {
    consul: Box<dyn Centre>,
    address: SocketAddr,
}

impl SpringConsul {
    pub(crate) fn new(consul: Box<dyn Centre>) -> Self {
        let address = consul.address();
        let spring = Self { consul, address };
        for document in DOCUMENTS {
            spring.send("PUT", &format!("config/{document}/data"), &poison());
        }
        spring
    }

    fn send(&self, method: &str, key: &str, body: &str) {
        let fields = format!("x-consul-token: {ROOT}\r\n");
        let path = format!("/v1/kv/{key}");
        let answer = send(self.address, method, &path, &fields, body);
        assert_eq!(answer.expect("Consul answers").status(), 200, "{key}");
    }
}

impl Centre for SpringConsul {
    fn version(&self) -> String {
        format!("{} for Spring Cloud Consul", self.consul.version())
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn source(&self, document: &str) -> Value {
        record(&json!({
            "application": document, "profiles": ["prod"], "format": "yaml", "token": GATE,
        }))
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        self.send("PUT", &format!("config/{document},prod/data"), text);
        true
    }

    fn delete(&mut self, document: &str) {
        self.send("DELETE", &format!("config/{document},prod/data"), "");
    }

    fn reads(&self) -> Pick {
        self.consul.reads()
    }

    fn looks(&self) -> Pick {
        // The first of the keys that a look reads.
        |asked| asked.path.starts_with("/v1/kv/config/application/data?")
    }

    fn logs_in(&self) -> Pick {
        self.consul.logs_in()
    }

    fn set_password(&mut self, password: &str) -> bool {
        self.consul.set_password(password)
    }

    // It goes on behind the front, which is down: its own test stops it.
    fn stop(&mut self) {}

    fn start(&mut self) {}

    fn secrets(&self, asked: &[Asked]) -> Vec<String> {
        self.consul.secrets(asked)
    }
}
