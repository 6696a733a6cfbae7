//! A real OpenID provider in a process of its own.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use base64ct::{Base64, Encoding as _};
use serde_json::Value;

use crate::envoy::variable;
use crate::http1::exchange;

/// What the provider calls itself, and the authority of all requests to it.
pub(crate) const ISSUER: &str = "http://id.test";
pub(crate) const AUTHORITY: &str = "id.test";

/// The client that the gate is for the provider. The secret has characters that a form has to escape.
pub(crate) const GATE: &str = "gate";
pub(crate) const GATE_SECRET: &str = "gate secret: +/=%";

/// A running provider. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Issuer {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    pub(crate) address: SocketAddr,
    /// The folder of its keys.
    pub(crate) folder: PathBuf,
}

impl Issuer {
    /// Starts one that publishes these keys. The keys are kept in a folder: another start with it has the same ones. `rsa-…`
    /// is a key for RS256, `ec-…` one for ES256.
    pub(crate) fn start(folder: &Path, keys: &[&str]) -> Self {
        let program = Path::new(&variable("POSTERN_PROVIDER")).join("server.mjs");
        // Node.js looks for the packages beside the program.
        let source =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/identity/provider/server.mjs");
        fs::copy(source, &program).expect("the provider's folder is writable");
        let log = File::create(folder.join("provider.log")).expect("the folder is writable");
        let mut child = Command::new(variable("POSTERN_NODE"))
            .arg(program)
            .arg(ISSUER)
            .arg(folder)
            .args(keys)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .expect("Node.js can be started");
        let commands = child.stdin.take().expect("it is piped");
        let answers = child.stdout.take().expect("it is piped");
        let mut issuer = Self {
            child,
            commands,
            answers: BufReader::new(answers),
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            folder: folder.to_owned(),
        };
        let port = issuer.answer();
        let port = port
            .strip_prefix("port ")
            .and_then(|port| port.parse().ok());
        issuer.address.set_port(port.expect("it says its port"));
        issuer
    }

    /// The next line that it prints.
    fn answer(&mut self) -> String {
        let mut line = String::new();
        let read = self.answers.read_line(&mut line);
        assert!(read.is_ok_and(|bytes| bytes > 0), "the provider has ended");
        line.trim_end().to_owned()
    }

    /// Publishes these keys, and no others, from now on.
    pub(crate) fn publish(&mut self, keys: &[&str]) {
        let line = format!("keys {}", keys.join(" "));
        writeln!(self.commands, "{line}").expect("the provider runs");
        assert_eq!(self.answer(), line);
    }

    /// A new token that is signed with this key.
    pub(crate) fn jwt(&self, key: &str) -> String {
        self.token(key)
    }

    /// A new opaque token.
    pub(crate) fn opaque(&self) -> String {
        self.token("opaque")
    }

    /// A new token: `KEY` or `opaque`. With `:short` behind it, it ends after two seconds.
    pub(crate) fn token(&self, kind: &str) -> String {
        let form = format!("grant_type=client_credentials&scope=read&resource=urn:api:{kind}");
        let answer: Value = serde_json::from_slice(&self.post("/token", &form)).unwrap_or_default();
        let token = answer["access_token"].as_str();
        token
            .unwrap_or_else(|| panic!("no token: {answer}"))
            .to_owned()
    }

    /// Revokes an opaque token.
    pub(crate) fn revoke(&self, token: &str) {
        self.post("/token/revocation", &format!("token={token}"));
    }

    fn post(&self, path: &str, form: &str) -> Vec<u8> {
        let credential = Base64::encode_string(b"app:app-secret");
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {AUTHORITY}\r\nconnection: close\r\nauthorization: Basic {credential}\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        );
        let answer =
            exchange(self.address, "POST", request.as_bytes()).expect("the provider answers");
        let body = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status(), 200, "{path}: {body}");
        answer.body
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A new folder for the keys of a test's provider.
pub(crate) fn new_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("issuers")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("the target's folder is writable");
    folder
}
