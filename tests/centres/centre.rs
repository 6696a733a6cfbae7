//! What the tests ask of a config centre, and the documents that they put there.

use std::net::SocketAddr;
use std::path::Path;

use serde_json::{Value, json};

use crate::front::{Asked, Pick};
use crate::http1::{Message, exchange};
use crate::process::copy_folder;

/// The password of the gate's user.
pub(crate) const PASSWORD: &str = "gate-password-7c1e";

/// The same after a change that the gate doesn't know.
pub(crate) const OTHER_PASSWORD: &str = "other-password-93ab";

/// The document that serves for an hour after its centre has gone, and the one that serves for two seconds.
pub(crate) const DOCUMENTS: [&str; 2] = ["main", "short"];

/// A real config centre.
pub(crate) trait Centre {
    /// Its name and the version of the running server.
    fn version(&self) -> String;

    /// Where it listens.
    fn address(&self) -> SocketAddr;

    /// The kind's record of a source that reads this document, as the user of the gate. The cluster is `centre`.
    fn source(&self, document: &str) -> Value;

    /// Stores a document. False if the centre takes no such text.
    fn put(&mut self, document: &str, text: &str) -> bool;

    /// The same, without waiting until the centre answers with it.
    fn put_at_once(&mut self, document: &str, text: &str) {
        self.put(document, text);
    }

    fn delete(&mut self, document: &str);

    /// Whether a request reads a document itself.
    fn reads(&self) -> Pick;

    /// Whether a request is a login.
    fn logs_in(&self) -> Pick;

    /// Whether a request is the first of a look at a document.
    fn looks(&self) -> Pick;

    /// The user of the gate has this password from now on. False if the centre can't do that at once.
    fn set_password(&mut self, _: &str) -> bool {
        false
    }

    /// Ends the server. Nothing listens then.
    fn stop(&mut self);

    /// Starts the server again, with what it has stored. The gate's logins are short from now on.
    fn start(&mut self);

    /// The folder of the server, which stores all in `data` there. None if what it stores is not kept.
    fn folder(&self) -> Option<&Path> {
        None
    }

    /// Keeps what the stopped server has stored.
    fn keep(&self) {
        if let Some(folder) = self.folder() {
            copy_folder(&folder.join("data"), &folder.join("kept"));
        }
    }

    /// The stopped server has what was kept.
    fn bring_back(&self) {
        if let Some(folder) = self.folder() {
            copy_folder(&folder.join("kept"), &folder.join("data"));
        }
    }

    /// What must not be in any log: credentials in these requests.
    fn secrets(&self, asked: &[Asked]) -> Vec<String>;
}

/// A document that accepts the tenants `acme` and `marker`, and denies `globex`.
pub(crate) fn good(marker: &str) -> String {
    document(marker, true, false).to_string()
}

/// A document that would accept only whom the others deny.
pub(crate) fn poison() -> String {
    document("poison", false, true).to_string()
}

fn document(marker: &str, acme: bool, globex: bool) -> Value {
    let tenant = |id: &str, on: bool| json!({"id": id, "on": on});
    json!({"tenants": [tenant("acme", acme), tenant("globex", globex), tenant(marker, true)]})
}

/// The largest answer that the tests' sources accept.
pub(crate) const MOST_BYTES: usize = 16 << 10;

/// What all records of kinds have in the tests.
pub(crate) fn record(own: &Value) -> Value {
    let mut record = json!({
        "cluster": "centre", "authority": "centre.test", "timeout": "400ms", "maxBytes": MOST_BYTES,
    });
    for (name, value) in own.as_object().into_iter().flatten() {
        record[name] = value.clone();
    }
    record
}

/// The policy: `/main/TENANT` and `/short/TENANT` are open for the tenants that the documents accept.
pub(crate) fn policy(kind: &str, centre: &dyn Centre) -> String {
    let source = |document, stale_for| {
        json!({
            kind: centre.source(document), "refresh": "200ms", "staleFor": stale_for,
            "index": {"items": "$.tenants[*]", "by": "$.id"},
        })
    };
    let route = |name| {
        json!({
            "name": name, "match": [{"path": {"template": format!("/{name}/{{tenant}}")}}], "require": "none",
            "lookup": {"t": {"source": name, "key": "${path.tenant}", "values": {"on": "$.on"}}},
            "authorize": {"lookup": "t.on", "equals": true},
        })
    };
    json!({
        "sources": {"main": source("main", "1h"), "short": source("short", "2s")},
        "routes": DOCUMENTS.map(route),
    })
    .to_string()
}

/// Sends a request with a body.
pub(crate) fn send(
    address: SocketAddr,
    method: &str,
    path: &str,
    fields: &str,
    body: &str,
) -> std::io::Result<Message> {
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: centre.test\r\nconnection: close\r\n{fields}content-length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(address, method, request.as_bytes())
}
