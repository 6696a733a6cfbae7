//! What stands in for centres of which no server can be had: ACM, Apollo, and Nacos as Alibaba Cloud MSE runs it. It checks the
//! signature of each request in a way of its own, and answers as the code and the documentation of these servers say.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, RwLock, RwLockReadGuard};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use crate::centre::{Centre, PASSWORD, record};
use crate::front::{Asked, Pick};
use crate::http1::{Message, read, serve};
use crate::wait::pause;

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// With an address server, which names where requests go.
    Acm,
    Apollo,
    Mse,
}

/// What the server has. All kinds have the same.
#[derive(Debug, Default)]
pub(crate) struct State {
    documents: BTreeMap<String, String>,
    /// The number of the last change.
    changes: u64,
    /// The secret that signs.
    secret: String,
    /// What the address server names.
    pub(crate) named: Option<SocketAddr>,
    /// How many signatures were right.
    pub(crate) signed: usize,
    /// The requests that no client of these servers sends.
    pub(crate) foreign: Vec<String>,
}

pub(crate) type Shared = Arc<RwLock<State>>;

#[derive(Debug)]
pub(crate) struct StandIn {
    kind: Kind,
    pub(crate) address: SocketAddr,
    pub(crate) state: Shared,
}

/// The base64 of the HMAC-SHA1 of a text.
pub(crate) fn sign(secret: &str, text: &str) -> String {
    use base64ct::{Base64, Encoding as _};
    let mut mac = Hmac::<Sha1>::new_from_slice(secret.as_bytes()).expect("any key will do");
    mac.update(text.as_bytes());
    Base64::encode_string(&mac.finalize().into_bytes())
}

impl StandIn {
    pub(crate) fn start(kind: Kind) -> Self {
        let state = Shared::new(RwLock::new(State {
            secret: PASSWORD.to_owned(),
            ..State::default()
        }));
        let own = Arc::clone(&state);
        let address = serve(move |stream| serve_one(stream, kind, &own));
        Self {
            kind,
            address,
            state,
        }
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.write().expect("no thread has panicked"));
    }
}

fn held(state: &Shared) -> RwLockReadGuard<'_, State> {
    state.read().expect("no thread has panicked")
}

fn serve_one(stream: TcpStream, kind: Kind, state: &Shared) {
    let mut stream = BufReader::new(stream);
    let Ok(message) = read(&mut stream, true) else {
        return;
    };
    let request = Request::of(&message);
    let (status, fields, body) = answer(kind, &request, state);
    if status == 400 {
        let mut state = state.write().expect("no thread has panicked");
        state.foreign.push(format!("{request:?}"));
    }
    let head = format!(
        "HTTP/1.1 {status} x\r\n{fields}connection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = stream
        .get_mut()
        .write_all(&[head.as_bytes(), &body].concat());
}

/// A request, with the parameters of its query and of its form.
#[derive(Debug)]
struct Request {
    target: String,
    path: String,
    query: BTreeMap<String, String>,
    form: BTreeMap<String, String>,
    fields: BTreeMap<String, String>,
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let escape = tail
            .get(..2)
            .and_then(|digits| std::str::from_utf8(digits).ok());
        let meant = escape.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match meant.filter(|_| byte == b'%') {
            Some(meant) => {
                bytes.push(meant);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parameters(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
    pairs
        .map(|(name, value)| (name.to_owned(), decoded(value)))
        .collect()
}

impl Request {
    fn of(message: &Message) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let start = text(&message.start);
        let target = start.split(' ').nth(1).unwrap_or_default().to_owned();
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let fields = message.fields.iter();
        Self {
            path: path.to_owned(),
            query: parameters(query),
            form: parameters(&text(&message.body)),
            fields: fields
                .map(|(name, value)| (text(name), text(value)))
                .collect(),
            target,
        }
    }

    fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    fn asks(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// The time of the signature, if it is at most a minute away.
    #[expect(clippy::disallowed_methods, reason = "servers work in real time")]
    fn time(&self) -> Option<&str> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        let time = self.field("timestamp");
        let away = now.as_millis().abs_diff(time.parse().ok()?);
        (away < 60_000).then_some(time)
    }
}

type Answer = (u16, String, Vec<u8>);

fn plain(status: u16, body: &str) -> Answer {
    (status, String::new(), body.as_bytes().to_vec())
}

fn answer(kind: Kind, request: &Request, state: &Shared) -> Answer {
    if kind == Kind::Acm && request.path == "/diamond-server/diamond" {
        let named = held(state).named;
        return plain(
            200,
            &named.map_or(String::new(), |named| format!("{named}\n")),
        );
    }
    let is_good = match kind {
        Kind::Apollo => is_signed_for_apollo(request, &held(state).secret),
        Kind::Acm | Kind::Mse => is_signed(kind, request, &held(state).secret),
    };
    if !is_good {
        return plain(if kind == Kind::Apollo { 401 } else { 403 }, "{}");
    }
    note_right_signature(state);
    match (kind, request.path.as_str()) {
        (Kind::Acm, "/diamond-server/config.co") => contents(request, state),
        (Kind::Mse, "/nacos/v1/cs/configs" | "/nacos/v1/cs/configs/listener") => {
            contents(request, state)
        }
        (Kind::Apollo, "/notifications/v2") => notification(request, state),
        (Kind::Apollo, path) if path.starts_with("/configs/gateway/default/") => {
            namespace(request, state)
        }
        _ => plain(400, "{}"),
    }
}

fn note_right_signature(state: &Shared) {
    let mut state = state.write().expect("no thread has panicked");
    state.signed = state.signed.saturating_add(1);
}

fn is_signed(kind: Kind, request: &Request, secret: &str) -> bool {
    let Some(time) = request.time() else {
        return false;
    };
    // Nacos' own client signs the time alone where a request names no group in its parameters. ACM's clients sign the group that they
    // ask about.
    let is_question = !request.form.is_empty();
    let text = if is_question && kind == Kind::Mse && request.query.is_empty() {
        time.to_owned()
    } else {
        format!("tests+GATE+{time}")
    };
    let is_named =
        is_question || (request.asks("tenant") == "tests" && request.asks("group") == "GATE");
    is_named
        && request.field("spas-accesskey") == "gate"
        && request.field("spas-signature") == sign(secret, &text)
}

fn is_signed_for_apollo(request: &Request, secret: &str) -> bool {
    let Some(time) = request.time() else {
        return false;
    };
    let signature = sign(secret, &format!("{time}\n{}", request.target));
    request.field("authorization") == format!("Apollo gateway:{signature}")
}

/// A name for a content. Clients only compare it.
fn md5(content: &str) -> String {
    let hash = Sha256::digest(content.as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Waits until there is something to say, for so long.
fn wait<T>(most: Duration, state: &Shared, ready: impl Fn(&State) -> Option<T>) -> Option<T> {
    let turns = most.as_millis() / 20;
    for _ in 0..turns {
        if let Some(found) = ready(&held(state)) {
            return Some(found);
        }
        pause(Duration::from_millis(20));
    }
    None
}

/// ACM and Nacos: a content, or the question whether it has changed.
fn contents(request: &Request, state: &Shared) -> Answer {
    let records = ["Probe-Modify-Request", "Listening-Configs"];
    let question = records
        .iter()
        .find_map(|name| request.form.get(*name).map(String::as_str));
    let Some(question) = question else {
        return match held(state).documents.get(request.asks("dataId")) {
            Some(content) => {
                let fields = format!("content-md5: {}\r\nconfig-type: json\r\n", md5(content));
                (200, fields, content.as_bytes().to_vec())
            }
            None => plain(404, "config data not exist\n"),
        };
    };
    let parts: Vec<&str> = question.trim_end_matches('\u{1}').split('\u{2}').collect();
    let [data_id, "GATE", known, "tests"] = parts[..] else {
        return plain(400, "{}");
    };
    let is_other = |state: &State| {
        let content = state.documents.get(data_id);
        let present = content.map_or(String::new(), |content| md5(content));
        (present != known).then(|| format!("{data_id}%02GATE%02tests%01"))
    };
    let timeouts = ["longpullingtimeout", "long-pulling-timeout"];
    let most = timeouts
        .iter()
        .find_map(|name| request.field(name).parse().ok());
    let most = if request.field("long-pulling-timeout-no-hangup") == "true" {
        20
    } else {
        most.unwrap_or(30_000).max(10_000)
    };
    let changed = wait(Duration::from_millis(most), state, is_other);
    plain(200, &changed.unwrap_or_default())
}

fn namespace(request: &Request, state: &Shared) -> Answer {
    let name = request.path.rsplit('/').next().unwrap_or_default();
    let state = held(state);
    let Some(content) = state.documents.get(name) else {
        return plain(404, "{}");
    };
    let key = format!("20261130092936-{}", md5(content));
    if request.asks("releaseKey") == key {
        return plain(304, "");
    }
    let answer = json!({
        "appId": "gateway", "cluster": "default", "namespaceName": name,
        "configurations": {"content": content}, "releaseKey": key,
    });
    plain(200, &answer.to_string())
}

fn notification(request: &Request, state: &Shared) -> Answer {
    let asked: Value = serde_json::from_str(request.asks("notifications")).unwrap_or_default();
    let (name, known) = (&asked[0]["namespaceName"], &asked[0]["notificationId"]);
    if request.asks("appId") != "gateway" || !name.is_string() {
        return plain(400, "{}");
    }
    let news = |state: &State| {
        let id = state.changes;
        let messages = json!({"details": {"gateway+default": id}});
        (*known != id).then(|| {
            json!([{"namespaceName": name, "notificationId": id, "messages": messages}]).to_string()
        })
    };
    match wait(Duration::from_secs(10), state, news) {
        Some(news) => plain(200, &news),
        None => plain(304, ""),
    }
}

impl Centre for StandIn {
    fn version(&self) -> String {
        format!("stand-in for {:?}", self.kind)
    }

    fn address(&self) -> SocketAddr {
        self.address
    }

    fn source(&self, document: &str) -> Value {
        let named = format!("{document}.json");
        record(&match self.kind {
            Kind::Acm => json!({
                "cluster": "servers", "endpoint": {"cluster": "centre", "authority": "centre.test"},
                "namespace": "tests", "group": "GATE", "dataId": named,
                "accessKey": "gate", "secretKey": PASSWORD,
            }),
            Kind::Mse => json!({
                "namespace": "tests", "group": "GATE", "dataId": named,
                "accessKey": "gate", "secretKey": PASSWORD,
            }),
            Kind::Apollo => json!({
                "appId": "gateway", "namespace": named, "accessKey": PASSWORD,
            }),
        })
    }

    fn put(&mut self, document: &str, text: &str) -> bool {
        self.change(|state| {
            state.changes = state.changes.saturating_add(1);
            let named = format!("{document}.json");
            state.documents.insert(named, text.to_owned());
        });
        true
    }

    fn delete(&mut self, document: &str) {
        self.change(|state| {
            state.changes = state.changes.saturating_add(1);
            state.documents.remove(&format!("{document}.json"));
        });
    }

    fn reads(&self) -> Pick {
        |asked| asked.path.contains(".json") && !asked.path.starts_with("/notifications")
    }

    fn logs_in(&self) -> Pick {
        |_| false
    }

    fn looks(&self) -> Pick {
        // A look at Nacos is a question, behind which a read may follow, or a read.
        |asked| {
            let is_nacos = asked.path.starts_with("/nacos");
            let is_question = asked.path.ends_with("/listener");
            let is_short = asked.path.contains("dataId=short.json");
            is_question || (asked.path.contains(".json") && (!is_nacos || is_short))
        }
    }

    fn set_password(&mut self, password: &str) -> bool {
        self.change(|state| password.clone_into(&mut state.secret));
        true
    }

    // It goes on behind the front, which is down.
    fn stop(&mut self) {}

    fn start(&mut self) {}

    fn secrets(&self, asked: &[Asked]) -> Vec<String> {
        let mut secrets = Vec::new();
        for line in asked.iter().flat_map(|asked| asked.fields.lines()) {
            let signature = line
                .strip_prefix("spas-signature: ")
                .or_else(|| line.strip_prefix("authorization: "));
            secrets.extend(signature.map(str::to_owned));
        }
        secrets
    }
}
