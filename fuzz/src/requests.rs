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
        let set = edits.request().iter().find_map(|edit| match edit {
            Edit::Set(name, value) if **name == *b"x-value" => Some(value.to_vec()),
            _ => None,
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

/// What a service reads in a request. `None` if it isn't as the template says.
fn read(place: &str, callout: &Callout) -> Option<[Vec<u8>; 2]> {
    let field = |name: &[u8]| {
        let mut found = callout.headers.iter().filter(|(own, _)| **own == *name);
        let value = found.next()?.1.to_vec();
        found.next().is_none().then_some(value)
    };
    let path = field(b":path")?;
    let body = &*callout.body;
    let within = |text: &[u8], before: &[u8], after: &[u8]| {
        let rest = text.strip_prefix(before)?.strip_suffix(after)?;
        Some(rest.to_vec())
    };
    let values = |text: &[u8], names: [&[u8]; 2]| {
        let pairs: Vec<(Vec<u8>, Vec<u8>)> = text
            .split(|byte| *byte == b'&')
            .map(|pair| {
                let at = pair
                    .iter()
                    .position(|byte| *byte == b'=')
                    .unwrap_or(pair.len());
                let value = pair.get(at + 1..).unwrap_or_default();
                (
                    percent_decode(&pair[..at]).to_vec(),
                    percent_decode(value).to_vec(),
                )
            })
            .filter(|(name, _)| name != b"one")
            .collect();
        let [(first, a), (second, b)] = pairs.as_slice() else {
            return None;
        };
        (first == names[0] && second == names[1]).then(|| [a.clone(), b.clone()])
    };
    let plain_path = path == b"/";
    Some(match place {
        "path" | "keyed" => {
            let segments: Vec<_> = path.split(|byte| *byte == b'/').collect();
            let [b"", b"s", a, b] = segments.as_slice() else {
                return None;
            };
            let b = percent_decode(b).to_vec();
            let b = if place == "path" {
                within(&b, b"p-", b".x")?
            } else {
                b
            };
            [percent_decode(a).to_vec(), b]
        }
        "query" => {
            let [a, b] = values(path.strip_prefix(b"/?")?, [b"q", b"r s"])?;
            [a, within(&b, b"<", b">")?]
        }
        "whole" if plain_path => [field(b"x-a")?, field(b"x-b")?],
        "part" if plain_path => {
            let line = field(b"x-a")?;
            let at = line.windows(4).position(|four| four == b"; l=")?;
            let a = within(&line[..at], b"k=", b"")?;
            [a, within(&line[at..], b"; l=", b", end")?]
        }
        "json" => {
            let value: Value = serde_json::from_slice(body).ok()?;
            let b = value["b"][1].as_str()?;
            let whole = json!({"a": value["a"], "b": [1, b]});
            assert_eq!(value, whole);
            let a = value["a"].as_str()?.as_bytes().to_vec();
            [a, within(b.as_bytes(), b"<", b">")?]
        }
        "form" => {
            let [a, b] = values(body, [b"a", b"b c"])?;
            [a, within(&b, b"<", b">")?]
        }
        // Another text may be the same number, so the text itself is read.
        "number" => {
            let value: Value = serde_json::from_slice(body).ok()?;
            assert_eq!(value.as_object()?.len(), 2);
            let text = body.strip_prefix(b"{\"a\": ")?;
            let at = text.windows(7).position(|seven| seven == b", \"b\": ")?;
            [
                text[..at].to_vec(),
                value["b"].as_str()?.as_bytes().to_vec(),
            ]
        }
        "markup" => {
            let text = within(body, b"<a b=\"", b"</a>")?;
            let at = text.windows(2).position(|two| two == b"\">")?;
            [unescaped(&text[..at])?, unescaped(&text[at + 2..])?]
        }
        "plain" => [within(body, b"<", b"")?, field(b"x-b")?],
        _ => return None,
    })
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
