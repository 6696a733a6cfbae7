//! etcd, with a user who may read what the gate reads.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::centre::{Centre, PASSWORD, record, send};
use crate::front::{Asked, Pick};
use crate::http1::get;
use crate::process::{Process, free_address, new_folder, programs};
use crate::run::Run;
use crate::troubles::{HALF_A_MINUTE, every_trouble, older_data};
use crate::wait::ensure;

#[test]
fn etcd_in_every_trouble() {
    let mut run = Run::start("etcd", Box::new(Etcd::new("etcd")));
    every_trouble(&mut run, HALF_A_MINUTE);
    older_data(&mut run);
    drop(run.finish());
}

/// Tokens end after this time, also those in use.
const TOKENS: &str = "sign-method=HS256,ttl=3s";

const ROOT: &str = "root-password";

#[derive(Debug)]
pub(crate) struct Etcd {
    folder: PathBuf,
    client: SocketAddr,
    peer: SocketAddr,
    process: Option<Process>,
    /// The option for tokens; none for those that etcd makes by default.
    tokens: Option<String>,
}

impl Etcd {
    /// Starts one. It has the user `gate` with a password that the gate doesn't know.
    pub(crate) fn new(name: &str) -> Self {
        let mut etcd = Self {
            folder: new_folder(name),
            client: free_address(),
            peer: free_address(),
            process: None,
            tokens: None,
        };
        etcd.run();
        for (path, body) in [
            ("user/add", json!({"name": "root", "password": ROOT})),
            ("role/add", json!({"name": "root"})),
            ("user/grant", json!({"user": "root", "role": "root"})),
            ("role/add", json!({"name": "reader"})),
            (
                "role/grant",
                json!({"name": "reader", "perm": {
                    "permType": "READ", "key": base64("/gate/"), "range_end": base64("/gate0")}}),
            ),
            ("user/add", json!({"name": "gate", "password": "unknown"})),
            ("user/grant", json!({"user": "gate", "role": "reader"})),
            ("enable", json!({})),
        ] {
            etcd.call(&format!("/v3/auth/{path}"), "", &body);
        }
        etcd
    }

    fn run(&mut self) {
        let mut command = command(self.client, self.peer, &self.folder);
        command.args(["--log-level", "warn", "--bcrypt-cost", "4"]);
        let tokens = self.tokens.iter();
        command.args(tokens.flat_map(|tokens| ["--auth-token", tokens]));
        let address = self.client;
        let ready = || {
            let health = get(address, "/health", "").map(|answer| answer.body);
            let health = String::from_utf8_lossy(&health.unwrap_or_default()).into_owned();
            ensure(health.contains("true"), || format!("etcd: {health}"))
        };
        self.process = Some(Process::start(
            command,
            &self.folder.join("etcd.log"),
            ready,
        ));
    }

    fn post(&self, path: &str, fields: &str, body: &Value) -> (u16, Value) {
        let fields = format!("content-type: application/json\r\n{fields}");
        let answer = send(self.client, "POST", path, &fields, &body.to_string());
        let answer = answer.expect("etcd answers");
        let content = serde_json::from_slice(&answer.body).unwrap_or_default();
        (answer.status(), content)
    }

    fn call(&self, path: &str, fields: &str, body: &Value) -> Value {
        let (status, answer) = self.post(path, fields, body);
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// Calls as the administrator.
    fn call_as_root(&self, path: &str, body: &Value) {
        let login = json!({"name": "root", "password": ROOT});
        let login = self.call("/v3/auth/authenticate", "", &login);
        let token = login["token"].as_str().expect("a token");
        self.call(path, &format!("authorization: {token}\r\n"), body);
    }
}

/// The command of an etcd that listens at these addresses, and stores all in the folder `data` of this one.
pub(crate) fn command(client: SocketAddr, peer: SocketAddr, folder: &Path) -> Command {
    let [client, peer] = [client, peer].map(|address| format!("http://{address}"));
    let mut command = Command::new(programs().join("etcd/etcd"));
    command
        .args(["--logger", "zap", "--name", "one"])
        .args(["--listen-client-urls", &client])
        .args(["--advertise-client-urls", &client])
        .args(["--listen-peer-urls", &peer])
        .args(["--initial-advertise-peer-urls", &peer])
        .args(["--initial-cluster", &format!("one={peer}")])
        .arg("--data-dir")
        .arg(folder.join("data"));
    command
}

fn base64(text: &str) -> String {
    Base64::encode_string(text.as_bytes())
}

fn key(document: &str) -> String {
    format!("/gate/{document}")
}

impl Centre for Etcd {
    fn version(&self) -> String {
        let version = get(self.client, "/version", "").expect("etcd answers");
        let version: Value = serde_json::from_slice(&version.body).unwrap_or_default();
        format!(
            "etcd {}",
            version["etcdserver"].as_str().unwrap_or_default()
        )
    }

    fn address(&self) -> SocketAddr {
        self.client
    }

    fn source(&self, document: &str) -> Value {
        record(&json!({"key": key(document), "username": "gate", "password": PASSWORD}))
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        let body = json!({"key": base64(&key(document)), "value": base64(text)});
        self.call_as_root("/v3/kv/put", &body);
        true
    }

    fn delete(&mut self, document: &str) {
        self.call_as_root(
            "/v3/kv/deleterange",
            &json!({"key": base64(&key(document))}),
        );
    }

    fn reads(&self) -> Pick {
        |asked| asked.path == "/v3/kv/range" && !asked.body.contains("keys_only")
    }

    fn logs_in(&self) -> Pick {
        |asked| asked.path == "/v3/auth/authenticate"
    }

    fn looks(&self) -> Pick {
        |asked| asked.path == "/v3/kv/range" && asked.body.contains("keys_only")
    }

    fn set_password(&mut self, password: &str) -> bool {
        let body = json!({"name": "gate", "password": password});
        self.call_as_root("/v3/auth/user/changepw", &body);
        true
    }

    fn stop(&mut self) {
        self.process = None;
    }

    fn start(&mut self) {
        let secret = self.folder.join("secret");
        fs::write(&secret, "a secret for the tokens of a test").expect("a writable folder");
        self.tokens = Some(format!("jwt,priv-key={},{TOKENS}", secret.display()));
        self.run();
    }

    fn folder(&self) -> Option<&Path> {
        Some(&self.folder)
    }

    fn secrets(&self, asked: &[Asked]) -> Vec<String> {
        let token = |asked: &Asked| {
            let mut lines = asked.fields.lines();
            lines.find_map(|line| line.strip_prefix("authorization: ").map(str::to_owned))
        };
        asked.iter().filter_map(token).collect()
    }
}
