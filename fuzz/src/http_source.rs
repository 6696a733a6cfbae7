//! What a login answers, and keys in the content of a request.

use std::sync::Arc;
use std::time::Duration;

use postern::http::{Callout, Endpoint, HeaderMap, Reply, percent_decode};
use postern::internals::secret::Secret;
use postern::internals::source::{
    Arguments, ClientAuthentication, EntryState, Format, HttpContent, HttpProtocol, Limits,
    OAuth2Client, OnDemand, Protocol, ReadRefusal, ReadResult, RequestTemplate,
};
use postern::time::Timestamp;
use serde_json::Value;

const LIMITS: Limits = Limits {
    ttl: Duration::from_secs(60),
    miss_ttl: Duration::from_secs(60),
    stale_for: Duration::from_secs(60),
    max_in_flight: 1,
    max_key_bytes: 4096,
    max_entries: 1,
    max_bytes: 10_000,
};

fn on_demand(protocol: HttpProtocol) -> OnDemand {
    let template = RequestTemplate::new(Protocol::Http(protocol), Format::JSON);
    OnDemand::new(Arc::new(template), LIMITS)
}

fn header<'c>(callout: &'c Callout, name: &[u8]) -> Option<&'c [u8]> {
    let mut headers = callout.headers.iter();
    let found = headers.find(|(own, _)| **own == *name);
    found.map(|(_, value)| &**value)
}

/// One byte for the status, and the answer to a login. Ends in a token that the next request has, or in a failure that shows
/// nothing of the answer.
pub fn login(data: &[u8]) {
    let Some((&choice, body)) = data.split_first() else {
        return;
    };
    let client = ClientAuthentication::Basic {
        id: "gate".into(),
        secret: Secret::new(*b"secret"),
    };
    let server = Endpoint::new("id", "id");
    let login = OAuth2Client::new(server, "/token", &client, &[]).expect("a path");
    let endpoint = Endpoint::new("centre", "centre");
    let protocol = HttpProtocol::entries(endpoint, "/${key}", Format::JSON).expect("a path");
    let mut source = on_demand(protocol.with_login(login));
    let now = Timestamp::from_nanos(1_700_000_000_000_000_000);
    assert!(matches!(
        source.ask(&Arguments::segment(b"k"), now),
        EntryState::Start(_)
    ));
    let status = ["200", "400", "401", "200"][usize::from(choice & 3)];
    let reply = Reply {
        headers: HeaderMap::from_pairs(&[(":status", status)]),
        body: body.to_vec(),
    };
    match source.fetched(b"k", Ok(reply), now) {
        ReadResult::Send(callout) => {
            assert_eq!(status, "200");
            let sent = header(&callout, b"authorization").expect("a token");
            let token = sent.strip_prefix(b"Bearer ").expect("a bearer token");
            assert!(!token.is_empty() && token.iter().all(u8::is_ascii_graphic));
            let answer: Value = serde_json::from_slice(body).expect("JSON");
            assert!(
                answer["access_token"]
                    .as_str()
                    .is_some_and(|own| own.as_bytes() == token)
            );
            // It is good for this moment at least, for other keys too.
            let _ = source.fetched(
                b"k",
                Ok(Reply {
                    headers: HeaderMap::from_pairs(&[(":status", "404")]),
                    body: Vec::new(),
                }),
                now,
            );
            let EntryState::Start(next) = source.ask(&Arguments::segment(b"l"), now) else {
                panic!("it is asked for");
            };
            assert_eq!(header(&next, b"authorization"), Some(sent));
        }
        ReadResult::Failed(error) => {
            let text = error.to_string();
            assert!(text.starts_with("the login failed: ") && text.len() < 200 && text.is_ascii());
        }
        other @ (ReadResult::Found(..) | ReadResult::Missing | ReadResult::Ignored) => {
            panic!("{other:?}")
        }
    }
}

/// Up to the first line end a content with `${key}`, and then a key. The key is one value of the content, and all others are the
/// same for any key.
pub fn content(data: &[u8]) {
    let mut parts = data.splitn(2, |byte| *byte == b'\n');
    let (Some(text), Some(key)) = (parts.next(), parts.next()) else {
        return;
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return;
    };
    if let Ok(content) = HttpContent::json(text) {
        match filled(content, key) {
            Some(filled) => {
                let key = std::str::from_utf8(key).expect("a text");
                let read: Value = serde_json::from_slice(&filled).expect("JSON");
                let written: Value = serde_json::from_str(text).expect("JSON");
                assert!(differ_in_one(&written, &read, key));
            }
            None => assert!(std::str::from_utf8(key).is_err() || is_unfit(key)),
        }
    }
    if let Ok(content) = HttpContent::form(text) {
        match filled(content, key) {
            Some(filled) => {
                let fields = |text: &[u8]| text.iter().filter(|byte| **byte == b'&').count();
                assert_eq!(fields(&filled), fields(text.as_bytes()));
                let values = filled.split(|byte| *byte == b'&');
                let mut values =
                    values.filter_map(|field| field.rsplit(|byte| *byte == b'=').next());
                assert!(values.any(|value| *percent_decode(value) == *key));
            }
            None => assert!(is_unfit(key)),
        }
    }
}

/// The content for a key; `None` if the key is refused.
fn filled(content: HttpContent, key: &[u8]) -> Option<Vec<u8>> {
    let endpoint = Endpoint::new("centre", "centre");
    let protocol = HttpProtocol::new(endpoint, "/", Format::JSON).expect("a path");
    let mut source = on_demand(protocol.posting(content));
    let state = source.ask(&Arguments::segment(key), Timestamp::default());
    if let EntryState::Start(callout) = state {
        return Some(callout.body.to_vec());
    }
    let refused = [ReadRefusal::UnfitKey, ReadRefusal::KeyTooLong];
    let is_refused = matches!(&state, EntryState::Refused(own) if refused.contains(own));
    assert!(is_refused, "{state:?}");
    None
}

fn is_unfit(key: &[u8]) -> bool {
    key.len() > LIMITS.max_key_bytes || key.iter().any(u8::is_ascii_control)
}

/// Whether two values differ only in one text, which is the variable in the first and the key in the second.
fn differ_in_one(written: &Value, read: &Value, key: &str) -> bool {
    differences(written, read, key) == Some(1)
}

fn differences(written: &Value, read: &Value, key: &str) -> Option<usize> {
    match (written, read) {
        (Value::String(variable), Value::String(text)) if variable == "${key}" => {
            (text == key).then_some(1)
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => left
            .iter()
            .zip(right)
            .map(|(left, right)| differences(left, right, key))
            .sum(),
        (Value::Object(left), Value::Object(right)) if left.keys().eq(right.keys()) => left
            .values()
            .zip(right.values())
            .map(|(left, right)| differences(left, right, key))
            .sum(),
        (left, right) => (left == right).then_some(0),
    }
}
