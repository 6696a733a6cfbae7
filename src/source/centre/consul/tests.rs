//! The answers are those of Consul 1.12.9, without the headers that mean nothing here.

use std::time::Duration;

use super::*;
use crate::http::HeaderMap;

type Answered = Result<Reply, CalloutError>;

/// One answer of the server. Without an index it is of something else.
fn answer(status: u16, index: &str, body: &str) -> Answered {
    let status = status.to_string();
    let headers = [(":status", status.as_str()), ("x-consul-index", index)];
    let count = if index == "-" { 1 } else { 2 };
    Ok(Reply {
        headers: HeaderMap::from_pairs(&headers[..count]),
        body: body.as_bytes().to_vec(),
    })
}

struct Gate {
    protocol: ConsulProtocol,
    session: Asked,
    now: Timestamp,
    sent: String,
}

impl Gate {
    fn new(keys: ConsulKeys, name: &str, wait: Option<u64>) -> Self {
        let endpoint = Endpoint::new("consul", "consul.local")
            .with_max_bytes(300)
            .with_timeout(Duration::from_secs(2));
        let protocol = ConsulProtocol::new(endpoint, keys, name, "&dc=d").unwrap();
        Self {
            protocol: protocol.with_wait(wait.map(Duration::from_secs)),
            session: Asked::default(),
            now: Timestamp::from_nanos(1),
            sent: String::new(),
        }
    }

    /// One exchange, which is answered after so many seconds.
    fn fetch(&mut self, known: &str, after: u64, answer: Answered) -> DocumentStatus {
        let known = Version::new(known.as_bytes());
        let callout = self.protocol.start(&mut self.session, &known, self.now);
        let mut headers = callout.headers.iter();
        let path = headers.find(|(name, _)| **name == *b":path").unwrap();
        let path = String::from_utf8(path.1.to_vec()).unwrap();
        assert!(callout.timeout <= self.protocol.longest_callout());
        self.sent = format!("{path} {:?}", callout.timeout);
        self.now = self.now.after(Duration::from_secs(after));
        let next = self.protocol.reply(&mut self.session, answer, self.now);
        let Next::Done(status) = next else {
            panic!("a document takes one callout");
        };
        status
    }

    fn pause(&self) -> u64 {
        let refresh = Duration::from_secs(5);
        self.protocol.pause(&self.session, refresh).as_secs()
    }
}

fn document(body: &str, version: &str) -> DocumentStatus {
    DocumentStatus::Changed {
        body: body.as_bytes().to_vec(),
        version: Version::new(version.as_bytes()),
        is_older: false,
    }
}

fn one(wait: Option<u64>) -> Gate {
    Gate::new(ConsulKeys::One, "gw/cfg", wait)
}

#[test]
fn reads_the_value_of_a_key() {
    let mut gate = one(None);
    let status = gate.fetch("", 0, answer(200, "10", "{\"limit\":5}"));
    assert_eq!(status, document("{\"limit\":5}", "10"));
    assert_eq!(gate.sent, "/v1/kv/gw/cfg?raw&dc=d 2s");
    // Without a `wait` no index is sent.
    let status = gate.fetch("10", 0, answer(200, "10", "{}"));
    assert_eq!(status, document("{}", "10"));
    assert_eq!(gate.sent, "/v1/kv/gw/cfg?raw&dc=d 2s");
    assert_eq!(gate.pause(), 5);
    let shown = gate.protocol.version_text(&Version::new(b"10"));
    assert_eq!(shown, "index 10");
}

#[test]
fn the_keys_below_a_prefix_are_pairs() {
    let mut gate = Gate::new(ConsulKeys::Below, "gw/", None);
    gate.protocol = gate.protocol.with_prefix("gw/");
    let pairs = r#"[{"LockIndex":0,"Key":"gw/cfg","Flags":0,"Value":"eyJsaW1pdCI6NX0=","CreateIndex":10,"ModifyIndex":10}]"#;
    let status = gate.fetch("", 0, answer(200, "10", pairs));
    let text = format!(r#"{{"prefix":"Z3cv","kvs":{pairs}}}"#);
    assert_eq!(status, document(&text, "10"));
    assert_eq!(gate.sent, "/v1/kv/gw/?recurse&dc=d 2s");
    // What stands around them counts too.
    let long = format!("[{}]", " ".repeat(290));
    let status = gate.fetch("", 0, answer(200, "10", &long));
    let error = SourceError::TooLarge { limit: 300 };
    assert_eq!(status, DocumentStatus::Broken(error));
}

#[test]
fn a_question_is_held_while_its_index_means_something() {
    let held = "/v1/kv/gw/cfg?raw&dc=d&index=10&wait=32000ms 36s";
    let at_once = "/v1/kv/gw/cfg?raw&dc=d 2s";
    let mut gate = one(Some(32));
    assert_eq!(gate.protocol.longest_callout(), Duration::from_secs(36));
    // Nothing is known; then another worker has a document.
    gate.fetch("", 0, answer(200, "10", "1"));
    assert_eq!(gate.sent, at_once);
    gate.session = Asked::default();
    gate.fetch("10", 0, answer(200, "10", "1"));
    assert_eq!(gate.sent, at_once);
    // It is held, and then there is no change, or one.
    for (after, index, pause) in [(33, "10", 0), (3, "12", 2), (0, "12", 5)] {
        gate.fetch("10", after, answer(200, index, "1"));
        assert_eq!((gate.sent.as_str(), gate.pause()), (held, pause));
    }
    // Behind each of these the server may have started again with older data.
    for (failure, is_broken) in [
        (Err(CalloutError::NoReply), true),
        (answer(500, "-", "No cluster leader"), true),
        (answer(403, "-", "ACL not found"), true),
        (answer(200, "9", "1"), false),
        (answer(404, "9", ""), true),
    ] {
        let shown = format!("{failure:?}");
        let status = gate.fetch("10", 0, failure);
        assert_eq!(gate.sent, held, "{shown}");
        let is_changed = matches!(status, DocumentStatus::Changed { .. });
        assert_eq!(is_changed, !is_broken, "{shown}");
        gate.fetch("10", 0, answer(200, "10", "1"));
        assert_eq!(gate.sent, at_once, "{shown}");
    }
    // The key was deleted, and is missing at each look.
    let deleted = answer(404, "11", "");
    assert_eq!(gate.fetch("10", 0, deleted), DocumentStatus::Missing);
    assert_eq!(gate.sent, held);
}

#[test]
fn an_index_that_is_none_is_not_sent() {
    for index in ["0", "", "x", "-1", "99999999999999999999"] {
        let mut gate = one(Some(30));
        let status = gate.fetch("", 0, answer(200, index, "1"));
        assert_eq!(status, document("1", ""), "{index}");
        gate.fetch("", 0, answer(200, index, "1"));
        assert_eq!(gate.sent, "/v1/kv/gw/cfg?raw&dc=d 2s");
    }
}

#[test]
fn a_lower_index_is_older_data() {
    let mut gate = one(Some(30));
    for (index, expected) in [("9", true), ("10", false), ("11", false), ("0", false)] {
        let status = gate.fetch("10", 0, answer(200, index, "1"));
        let DocumentStatus::Changed { is_older, .. } = status else {
            panic!("{status:?}");
        };
        assert_eq!(is_older, expected, "{index}");
    }
}

#[test]
fn tells_failures_apart() {
    let mut gate = one(None);
    let broken = DocumentStatus::Broken;
    let foreign = "the answer has no `X-Consul-Index`: it is none of Consul";
    for (answered, status) in [
        (answer(404, "10", ""), DocumentStatus::Missing),
        (answer(403, "-", "no right"), DocumentStatus::Refused(403)),
        (answer(401, "-", ""), DocumentStatus::Refused(401)),
        (answer(500, "-", ""), broken(SourceError::Status(500))),
        (answer(429, "-", ""), broken(SourceError::Status(429))),
        (answer(301, "10", ""), broken(SourceError::Status(301))),
        // A proxy's own answers.
        (answer(404, "-", ""), broken(SourceError::Status(404))),
        (
            answer(200, "-", "<html>"),
            broken(SourceError::Malformed(foreign.into())),
        ),
        (
            answer(200, "10", &" ".repeat(301)),
            broken(SourceError::TooLarge { limit: 300 }),
        ),
        (
            Err(CalloutError::NoReply),
            broken(SourceError::Callout(CalloutError::NoReply)),
        ),
    ] {
        assert_eq!(gate.fetch("", 0, answered), status);
    }
}

/// A token that may not read all keys below a prefix gets the others.
#[test]
fn a_document_with_keys_left_out_is_refused() {
    for status in ["200", "404"] {
        let headers = [
            (":status", status),
            ("x-consul-index", "10"),
            ("x-consul-results-filtered-by-acls", "true"),
        ];
        let answered = Ok(Reply {
            headers: HeaderMap::from_pairs(&headers),
            body: b"[]".to_vec(),
        });
        let status = Gate::new(ConsulKeys::Below, "gw/", None).fetch("", 0, answered);
        assert_eq!(status, DocumentStatus::Refused(403));
    }
}

#[test]
fn the_entry_of_a_key_is_that_key_in_consul() {
    let gate = Gate::new(ConsulKeys::Each, "gw/${key}", None);
    let for_key = |key: &str| gate.protocol.for_key(key.as_bytes());
    let mut entry = Gate {
        protocol: for_key("a,b/c d").unwrap(),
        ..one(None)
    };
    let status = entry.fetch("", 0, answer(200, "10", "1"));
    assert_eq!(status, document("1", "10"));
    assert_eq!(entry.sent, "/v1/kv/gw/a%2Cb/c%20d?raw&dc=d 2s");
    for unfit in ["", "..", "a//b", "a\nb"] {
        assert_eq!(for_key(unfit).err(), Some(ReadRefusal::UnfitKey));
    }
    assert!(one(None).protocol.for_key(b"cfg").is_err());
    for (key, error) in [
        ("a", PathError::MissingKey),
        ("${key}/${key}", PathError::RepeatedKey),
        ("${name}", PathError::UnknownPlaceholder),
    ] {
        let endpoint = Endpoint::new("consul", "consul");
        let protocol = ConsulProtocol::new(endpoint, ConsulKeys::Each, key, "");
        assert_eq!(protocol.err(), Some(error), "{key}");
    }
}
