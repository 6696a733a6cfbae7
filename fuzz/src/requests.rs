//! Requests that are built from the values of a client's request.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use postern::config::Config;
use postern::engine::{
    Engine, Event, HostVerifier, Inputs, Observer, Step, Store, Suspended, Waiting,
};
use postern::http::{Callout, Edit, Edits, HeaderMap, Reply, Request, percent_decode};
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;
use serde_json::{Value, json};

/// The places of two values, each a path of the client. In `keyed` an answer is remembered by a key of both.
const PLACES: [&str; 10] = [
    "path", "query", "whole", "part", "json", "form", "number", "markup", "plain", "keyed",
];

/// A client, and a service that answers with the values that it reads in a request.
struct World {
    engine: Engine,
    data: LocalData,
    inputs: Clock,
}

struct Clock(Timestamp);

impl HostVerifier for Clock {}

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        self.0
    }

    fn random(&mut self) -> u64 {
        0
    }
}

impl Observer for Clock {
    fn event(&mut self, _: &Event<'_>) {}
}

fn policy() -> Policy {
    let source = |http: Value| {
        let mut http = http;
        http["cluster"] = json!("c");
        json!({"http": http, "onDemand": {"ttl": "1h", "maxKeyBytes": "64Ki", "maxEntries": 100}})
    };
    let (a, b) = ("${query.a}", "${query.b}");
    let post = |content_type: &str, body: &str| json!({"method": "POST", "path": "/", "headers": {"content-type": content_type}, "body": body});
    let mut plain = post("text/plain", &format!("<{a}"));
    plain["headers"]["x-b"] = json!(b);
    let mut keyed = source(json!({"path": format!("/s/{a}/{b}")}));
    keyed["onDemand"]["key"] = json!(format!("{a}{b}"));
    let sources = json!({
        "path": source(json!({"path": format!("/s/{a}/p-{b}.x")})),
        "query": source(json!({"path": format!("/?q={a}&one=1"), "query": {"r s": format!("<{b}>")}})),
        "whole": source(json!({"path": "/", "headers": {"x-a": a, "x-b": b}})),
        "part": source(json!({"path": "/", "headers": {"x-a": format!("k={a}; l={b}, end")}})),
        "json": source(json!({"method": "POST", "path": "/", "body": {"json": {"a": a, "b": [1, format!("<{b}>")]}}})),
        "form": source(json!({"method": "PUT", "path": "/", "body": {"form": {"a": a, "b c": format!("<{b}>")}}})),
        "number": source(post("application/json", &format!("{{\"a\": {a}, \"b\": \"{b}\"}}"))),
        "markup": source(post("text/xml", &format!("<a b=\"{a}\">{b}</a>"))),
        "plain": source(plain),
        "keyed": keyed,
    });
    let route = |place: &&str| {
        json!({
            "name": place, "match": [{"path": {"exact": format!("/{place}")}}], "require": "none",
            "lookup": {"s": {"source": place, "values": {"v": "$.v"}}},
            "rewrite": {"headers": {"set": {"x-value": "${s.v}"}}},
        })
    };
    let routes: Vec<_> = PLACES.iter().map(route).collect();
    let config = json!({"sources": sources, "routes": routes}).to_string();
    let config = Config::parse(config.as_bytes()).unwrap();
    Policy::compile(&config, &|_: &str| None).unwrap()
}

impl World {
    fn new() -> Self {
        let mut inputs = Clock(Timestamp::default().after(Duration::from_secs(1)));
        let engine = Engine::new(Arc::new(policy()), &Store::new(1), &mut inputs);
        Self {
            engine,
            data: LocalData::default(),
            inputs,
        }
    }

    /// The value that the upstream gets, or the status of the denial.
    fn ask(&mut self, place: &str, values: [&[u8]; 2]) -> Result<Vec<u8>, u16> {
        let escaped = values.map(|value| {
            let escape = |byte: &u8| format!("%{byte:02X}");
            value.iter().map(escape).collect::<String>()
        });
        let path = format!("/{place}?a={}&b={}", escaped[0], escaped[1]);
        let headers = HeaderMap::from_pairs(&[
            (":method", "GET"),
            (":path", path.as_str()),
            (":authority", "api.test"),
        ]);
        let mut edits = Edits::default();
        let request = Request::new(headers.view());
        let (engine, inputs) = (&mut self.engine, &mut self.inputs);
        let mut step = engine.start(
            &request,
            &mut edits,
            inputs,
            &mut Clock(Timestamp::default()),
        );
        loop {
            let suspended: Suspended = match step {
                Step::Continue => break,
                Step::Respond(response) => return Err(response.status),
                Step::Wait(waiting) => {
                    let Waiting { suspended, .. } = *waiting;
                    suspended
                }
            };
            let callouts = self.engine.callouts();
            assert_eq!(callouts.len(), 1, "the exchange waits for one answer");
            for (flight, callout) in callouts {
                let read =
                    read(place, &callout).unwrap_or_else(|| panic!("{callout:?} of {place}"));
                let body = json!({"v": shown([&read[0], &read[1]])}).to_string();
                let reply = Reply {
                    headers: HeaderMap::from_pairs(&[(":status", "200")]),
                    body: body.into_bytes(),
                };
                let now = self.inputs.0;
                let mut observer = Clock(now);
                let _ = self
                    .engine
                    .reply(flight, Ok(reply), now, &mut self.data, &mut observer);
            }
            let (engine, inputs) = (&mut self.engine, &mut self.inputs);
            step = suspended.resume(engine, &mut edits, inputs, &mut Clock(Timestamp::default()));
        }
        let set = edits.request().iter().find_map(|edit| {
            let Edit::Set(name, value) = edit else {
                return None;
            };
            (**name == *b"x-value").then(|| value.to_vec())
        });
        Ok(set.expect("the value is set"))
    }
}

/// The first byte says how long the first value is, and the rest are both. A value that can't stand in its place is a denial. In
/// any other request the service reads exactly the client's values, and the client's request gets the answer to them, whatever was
/// asked before.
pub fn requests(data: &[u8]) {
    thread_local! {
        static WORLD: RefCell<World> = RefCell::new(World::new());
    }
    let Some((&length, rest)) = data.split_first().filter(|_| data.len() < 2048) else {
        return;
    };
    let (a, b) = rest.split_at(usize::from(length).min(rest.len()));
    WORLD.with_borrow_mut(|world| {
        for place in PLACES {
            for values in [[a, b], [b, a]] {
                let expected = if is_fit(place, values) {
                    Ok(shown(meant(place, values)).into_bytes())
                } else {
                    Err(400)
                };
                let got = world.ask(place, values);
                assert_eq!(
                    got,
                    expected,
                    "{place}: {:?}",
                    values.map(<[u8]>::escape_ascii)
                );
            }
        }
    });
}

/// Two values as text, in hexadecimal.
fn shown(values: [&[u8]; 2]) -> String {
    let hex = |value: &[u8]| {
        value
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect::<String>()
    };
    format!("{}.{}", hex(values[0]), hex(values[1]))
}

/// The values as the service reads them: blanks around a number mean nothing, and no value is `null`.
fn meant<'v>(place: &str, [a, b]: [&'v [u8]; 2]) -> [&'v [u8]; 2] {
    match (place, a.trim_ascii()) {
        ("number", _) if a.is_empty() => [b"null", b],
        ("number", trimmed) => [trimmed, b],
        _ => [a, b],
    }
}

/// The slow form of the rules: whether the values can stand in this place.
fn is_fit(place: &str, values: [&[u8]; 2]) -> bool {
    let control = |value: &[u8]| value.iter().any(|byte| *byte < b' ' || *byte == 0x7f);
    let has = |value: &[u8], bytes: &[u8]| value.iter().any(|byte| bytes.contains(byte));
    let dots = |value: &[u8]| {
        let name = value.split(|byte| *byte == b';').next().unwrap();
        name == b"." || name == b".."
    };
    let in_segment = |value: &[u8]| !control(value) && !has(value, b"/\\?#%");
    let segment = |value: &[u8]| in_segment(value) && !value.is_empty() && !dots(value);
    let line = |value: &[u8]| !value.iter().any(|byte| *byte != b'\t' && control(&[*byte]));
    let text = |value: &[u8]| std::str::from_utf8(value).is_ok();
    let [a, b] = values;
    match place {
        "path" => segment(a) && in_segment(b),
        "keyed" => segment(a) && segment(b),
        "query" => !control(a) && !control(b),
        "whole" | "plain" => line(a) && line(b),
        "part" => [a, b]
            .iter()
            .all(|value| line(value) && !has(value, b",;\"\\")),
        "json" => text(a) && text(b),
        "form" => true,
        "number" => {
            let value = if a.is_empty() { b"null" } else { a };
            let is_simple =
                |value: Value| value.is_number() || value.is_boolean() || value.is_null();
            text(b) && serde_json::from_slice(value).is_ok_and(is_simple)
        }
        "markup" => [a, b].iter().all(|value| {
            let is_blank = |byte: &u8| b"\t\n\r".contains(byte);
            let mut controls = value.iter().filter(|byte| control(&[**byte]));
            text(value) && controls.all(is_blank)
        }),
        other => panic!("{other}"),
    }
}

/// The only value of a header. `None` if there are none or several.
fn field(callout: &Callout, name: &[u8]) -> Option<Vec<u8>> {
    let mut found = callout.headers.iter().filter(|(own, _)| **own == *name);
    let value = found.next()?.1.to_vec();
    found.next().is_none().then_some(value)
}

/// What stands between two texts.
fn within(text: &[u8], before: &[u8], after: &[u8]) -> Option<Vec<u8>> {
    let rest = text.strip_prefix(before)?.strip_suffix(after)?;
    Some(rest.to_vec())
}

/// The values of two parameters, of which the second stands in brackets. The constant parameter `one` is passed over.
fn parameters(text: &[u8], names: [&[u8]; 2]) -> Option<[Vec<u8>; 2]> {
    let pair = |pair: &[u8]| {
        let at = pair.iter().position(|byte| *byte == b'=');
        let at = at.unwrap_or(pair.len());
        let value = pair.get(at + 1..).unwrap_or_default();
        (
            percent_decode(&pair[..at]).to_vec(),
            percent_decode(value).to_vec(),
        )
    };
    let pairs = text.split(|byte| *byte == b'&').map(pair);
    let pairs: Vec<(Vec<u8>, Vec<u8>)> = pairs.filter(|(name, _)| name != b"one").collect();
    let [(first, a), (second, b)] = pairs.as_slice() else {
        return None;
    };
    let b = within(b, b"<", b">")?;
    (first == names[0] && second == names[1]).then(|| [a.clone(), b])
}

/// What a service reads in a request. `None` if it isn't as the template says.
fn read(place: &str, callout: &Callout) -> Option<[Vec<u8>; 2]> {
    let path = field(callout, b":path")?;
    let body = &*callout.body;
    match place {
        "path" => {
            let [a, b] = segments(&path)?;
            Some([a, within(&b, b"p-", b".x")?])
        }
        "keyed" => segments(&path),
        "query" => parameters(path.strip_prefix(b"/?")?, [b"q", b"r s"]),
        _ if path != b"/" => None,
        "whole" => Some([field(callout, b"x-a")?, field(callout, b"x-b")?]),
        "part" => part(&field(callout, b"x-a")?),
        "json" => document(body),
        "form" => parameters(body, [b"a", b"b c"]),
        "number" => number(body),
        "markup" => {
            let text = within(body, b"<a b=\"", b"</a>")?;
            let at = text.windows(2).position(|two| two == b"\">")?;
            Some([unescaped(&text[..at])?, unescaped(&text[at + 2..])?])
        }
        "plain" => Some([within(body, b"<", b"")?, field(callout, b"x-b")?]),
        _ => None,
    }
}

/// The two segments behind `/s/`.
fn segments(path: &[u8]) -> Option<[Vec<u8>; 2]> {
    let segments: Vec<_> = path.split(|byte| *byte == b'/').collect();
    let [b"", b"s", a, b] = segments.as_slice() else {
        return None;
    };
    Some([percent_decode(a).to_vec(), percent_decode(b).to_vec()])
}

/// The two parts of a header's value.
fn part(line: &[u8]) -> Option<[Vec<u8>; 2]> {
    let at = line.windows(4).position(|four| four == b"; l=")?;
    let a = within(&line[..at], b"k=", b"")?;
    Some([a, within(&line[at..], b"; l=", b", end")?])
}

/// The texts in a body of JSON.
fn document(body: &[u8]) -> Option<[Vec<u8>; 2]> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let b = value["b"][1].as_str()?;
    let whole = json!({"a": value["a"], "b": [1, b]});
    assert_eq!(value, whole);
    let a = value["a"].as_str()?.as_bytes().to_vec();
    Some([a, within(b.as_bytes(), b"<", b">")?])
}

/// A number and a text in a body of JSON. Another text may be the same number, so the text itself is read.
fn number(body: &[u8]) -> Option<[Vec<u8>; 2]> {
    let value: Value = serde_json::from_slice(body).ok()?;
    assert_eq!(value.as_object()?.len(), 2);
    let text = body.strip_prefix(b"{\"a\": ")?;
    let at = text.windows(7).position(|seven| seven == b", \"b\": ")?;
    let b = value["b"].as_str()?.as_bytes().to_vec();
    Some([text[..at].to_vec(), b])
}

/// The text of markup. `None` if it holds markup.
fn unescaped(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?;
    if text.contains(['<', '>', '"', '\'']) {
        return None;
    }
    let mut out = text.to_owned();
    for (escaped, meant) in [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ] {
        out = out.replace(escaped, meant);
    }
    Some(out.into_bytes())
}
