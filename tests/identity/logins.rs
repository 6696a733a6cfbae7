//! Sources behind a login: the server of the documents takes only tokens that are active at the provider.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use serde_json::{Value, json};

use crate::front::{Front, Trouble};
use crate::gate::{Gate, WORKERS, report};
use crate::http1::{exchange, read, serve};
use crate::issuer::{AUTHORITY, Issuer, new_folder};
use crate::plan::Plan;
use crate::wait::pause;

const FAILED: &str = "503 lookup_failed";

/// The life of a token, as the provider is asked for it.
const LIFE: Duration = Duration::from_secs(2);

/// The server of the documents.
#[derive(Clone, Debug, Default)]
struct Documents(Arc<RwLock<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    tokens: BTreeSet<String>,
    refused: usize,
}

impl Documents {
    fn start(&self, provider: SocketAddr) -> SocketAddr {
        let own = self.clone();
        serve(move |stream| own.answer(stream, provider))
    }

    fn answer(&self, stream: TcpStream, provider: SocketAddr) {
        let mut stream = BufReader::new(stream);
        while let Ok(request) = read(&mut stream, true) {
            let field = request.field(b"authorization").unwrap_or_default();
            let token = String::from_utf8_lossy(field).into_owned();
            let token = token.strip_prefix("Bearer ").unwrap_or_default();
            let status = if is_active(provider, token) { 200 } else { 401 };
            if let Ok(mut counts) = self.0.write() {
                counts.tokens.insert(token.to_owned());
                counts.refused = counts.refused.saturating_add(usize::from(status == 401));
            }
            let body = r#"{"x": "ok"}"#;
            let answer = format!(
                "HTTP/1.1 {status} -\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            if stream.get_mut().write_all(answer.as_bytes()).is_err() {
                return;
            }
        }
    }

    /// How many tokens came since the last call, and how many requests were refused.
    fn take(&self) -> (usize, usize) {
        let mut counts = self.0.write().expect("no thread has panicked");
        let counts = std::mem::take(&mut *counts);
        (counts.tokens.len(), counts.refused)
    }
}

fn is_active(provider: SocketAddr, token: &str) -> bool {
    let credential = Base64::encode_string(b"app:app-secret");
    let form = format!("token={token}");
    let request = format!(
        "POST /token/introspection HTTP/1.1\r\nhost: {AUTHORITY}\r\nconnection: close\r\nauthorization: Basic {credential}\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = exchange(provider, "POST", request.as_bytes());
    let answer = answer.map(|answer| serde_json::from_slice::<Value>(&answer.body));
    answer.is_ok_and(|answer| answer.is_ok_and(|answer| answer["active"] == true))
}

/// A source with a login; `more` are fields of the source, and `login` those of the login.
fn source(path: &str, login: &Value, more: &Value) -> Value {
    let mut oauth2 = json!({
        "cluster": "id", "authority": AUTHORITY, "path": "/token", "timeout": "1s", "clientId": "app",
        "clientSecret": {"env": "APP_SECRET"}, "scope": "read", "resource": "urn:api:opaque:short",
    });
    for (name, value) in login.as_object().into_iter().flatten() {
        oauth2[name] = value.clone();
    }
    let mut source =
        json!({"http": {"cluster": "documents", "path": path, "login": {"oauth2": oauth2}}});
    for (name, value) in more.as_object().into_iter().flatten() {
        source[name] = value.clone();
    }
    source
}

fn policy() -> String {
    let watched = json!({"refresh": "300ms"});
    let brief = json!({"refresh": "300ms", "staleFor": "1s"});
    let on_demand = json!({"onDemand": {"ttl": "200ms", "missTtl": "0s", "staleFor": "0s"}});
    let sources = json!({
        "watched": source("/all", &json!({}), &watched),
        "posted": source("/posted", &json!({"clientAuthentication": "post"}), &watched),
        "brief": source("/brief", &json!({}), &brief),
        "wrong": source("/wrong", &json!({"clientSecret": "wrong"}), &watched),
        "entries": source("/entries/${key}", &json!({}), &on_demand),
    });
    let route = |name: &str| {
        let mut lookup = json!({"source": name, "values": {"x": "$.x"}});
        let mut path = json!({"exact": format!("/{name}")});
        if name == "entries" {
            lookup["key"] = json!("${path.id}");
            path = json!({"template": "/entries/{id}"});
        }
        json!({"name": name, "match": [{"path": path}], "require": "none", "lookup": {"v": lookup}})
    };
    let names = ["watched", "posted", "brief", "wrong", "entries"];
    json!({"sources": sources, "routes": names.map(route)}).to_string()
}

#[test]
fn documents_are_read_with_tokens_that_are_renewed() {
    let issuer = Issuer::start(&new_folder("logins"), &["rsa-1"]);
    let front = Front::start();
    front.stand_before(issuer.address);
    let documents = Documents::default();
    let gate = Gate::start(Plan {
        name: "identity-logins".into(),
        policies: vec![("gate".into(), policy())],
        environment: BTreeMap::from([("APP_SECRET".into(), "app-secret".into())]),
        clusters: vec![
            ("id".into(), front.address),
            ("documents".into(), documents.start(issuer.address)),
        ],
        ..Plan::default()
    });
    let soon = Duration::from_secs(20);
    for path in ["/watched", "/posted", "/brief", "/entries/a"] {
        gate.until(path, "-", "200", soon);
    }
    gate.check("a wrong secret", "/wrong", "-", FAILED);
    tokens_are_renewed_before_their_end(&gate, &front, &documents);
    a_provider_that_is_down_ends_no_document_before_its_time(&gate, &front);
    gate.finish();
}

fn tokens_are_renewed_before_their_end(gate: &Gate, front: &Front, documents: &Documents) {
    documents.take();
    front.asked();
    for _ in 0..12 {
        pause(LIFE.div_f32(4.0));
        gate.check("a token that ends soon", "/watched", "-", "200");
        gate.check("a token that ends soon", "/brief", "-", "200");
        gate.check("a token that ends soon", "/entries/a", "-", "200");
    }
    let (tokens, refused) = documents.take();
    let logins = front.count("/token");
    report(&format!(
        "tokens of 2 s: {tokens} in 6 s and more, {logins} logins, {refused} requests refused"
    ));
    assert!(tokens > 6, "{tokens} tokens");
    // Three watched sources and four workers have a token each; a wrong secret adds its own.
    let most = (WORKERS + 3) * 12 + 12;
    assert!(logins < most, "{logins} logins");
    assert!(refused < 3, "{refused} requests were refused");
}

fn a_provider_that_is_down_ends_no_document_before_its_time(gate: &Gate, front: &Front) {
    let garbage = Trouble::Instead(200, "text/html", b"<html>log in</html>".to_vec());
    for trouble in [Trouble::Down, garbage, Trouble::Cut] {
        front.trouble("/token", trouble);
        gate.until("/brief", "-", FAILED, Duration::from_secs(10));
        gate.until("/entries/a", "-", FAILED, Duration::from_secs(10));
        gate.check("the last good document", "/watched", "-", "200");
        front.heal();
        let took = gate.until("/brief", "-", "200", Duration::from_secs(30));
        gate.until("/entries/a", "-", "200", Duration::from_secs(5));
        report(&format!("healed after {took:.1?}"));
    }
}
