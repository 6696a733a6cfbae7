//! What claims decide, with a provider that says what a test wants.

mod conditions;
mod headers;
mod templates;

use std::sync::Arc;

use crate::config::Config;
use crate::engine::{Detail, Engine, Event, HostVerifier, Inputs, Observer, Step, Store};
use crate::http::{Edit, Edits, HeaderMap, Request, Response};
use crate::policy::{Double, Policy};
use crate::time::Timestamp;

/// `corp` has claims, and `keys` has none.
const PROVIDERS: &str = r#"
    "consumers": [{"name": "ann", "groups": ["g"], "labels": {"tenant": "t1"},
                   "credentials": [{"apiKey": {"provider": "keys", "value": "k"}}, {"apiKey": {"provider": "corp", "value": "ann"}}]}],
    "providers": {"corp": {"apiKey": {"from": [{"header": "x-token"}]}}, "keys": {"apiKey": {"from": [{"header": "x-key"}]}}},
    "sources": {"tenants": {"inline": {"list": [{"id": "t1", "on": true, "names": ["a"]}]}, "index": {"items": "$.list[*]", "by": "$.id"}}}"#;

struct Silent;

impl Observer for Silent {
    fn event(&mut self, _: &Event<'_>) {}

    fn detail(&mut self, _: &Detail<'_>) {}
}

struct Clock;

impl HostVerifier for Clock {}

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        Timestamp::from_nanos(1)
    }

    fn random(&mut self) -> u64 {
        0
    }
}

/// What became of a request.
#[derive(Debug, PartialEq)]
enum Answered {
    /// The headers that were set.
    Forwarded(Vec<(String, String)>, String),
    Denied(u16, String, Vec<String>),
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn denied(response: &Response) -> Answered {
    let challenges = response.headers.iter();
    let challenges = challenges.filter(|(name, _)| **name == *b"www-authenticate");
    let reason = text(&response.details).replace("postern_", "");
    Answered::Denied(
        response.status,
        reason,
        challenges.map(|(_, value)| text(value)).collect(),
    )
}

/// What becomes of a request by this route, whose name, match and requirement (`corp` or `keys`, if the text begins otherwise)
/// are added. Without claims the sender has an API key.
fn run(route: &str, claims: Option<&'static str>, headers: &[(&str, &str)]) -> Answered {
    let double = Double {
        guest: b"guest",
        claims,
        ..Double::default()
    };
    let credential = if claims.is_some() {
        ("x-token", "guest")
    } else {
        ("x-key", "k")
    };
    let headers: Vec<_> = [credential].iter().chain(headers).copied().collect();
    let required = r#"{"any": ["corp", "keys"]}"#;
    run_by(&[("corp", double)], required, route, &headers)
}

/// The same, with these doubles of providers.
fn run_by(
    doubles: &[(&str, Double)],
    required: &str,
    route: &str,
    headers: &[(&str, &str)],
) -> Answered {
    let text_of_policy = format!(
        r#"{{{PROVIDERS}, "routes": [{{"name": "r", "match": [{{"path": {{"prefix": "/"}}}}],
        "require": {required}, {route}}}]}}"#
    );
    let config = Config::parse(text_of_policy.as_bytes()).unwrap();
    let mut policy = Policy::compile(&config, &|_: &str| None).unwrap();
    for (name, double) in doubles {
        let double = Double {
            verified: 0.into(),
            ..*double
        };
        policy.providers.replace(name, &Arc::new(double));
    }
    let mut engine = Engine::new(Arc::new(policy), &Store::new(7), &mut Silent);
    let mut all = vec![(":method", "GET"), (":authority", "a"), (":path", "/p")];
    all.extend(headers);
    let map = HeaderMap::from_pairs(&all);
    let mut edits = Edits::default();
    let step = engine.start(
        &Request::new(map.view()),
        &mut edits,
        &mut Clock,
        &mut Silent,
    );
    match step {
        Step::Respond(response) => denied(&response),
        Step::Continue => {
            let set = edits.request.iter().filter_map(|edit| match edit {
                Edit::Set(name, value) | Edit::Add(name, value) => Some((text(name), text(value))),
                Edit::Remove(_) => None,
            });
            let path = edits.path.get().map(text).unwrap_or_default();
            Answered::Forwarded(set.collect(), path)
        }
        Step::Wait(_) => panic!("it waits"),
    }
}

const CLAIMS: &str = r#"{"sub": "ann", "a b": {"c": 1.0}, "yes": true, "none": null, "empty": "", "tenant-id": "t1",
    "realm": {"roles": ["r0", "r1"]}, "line": "a\r\nb: c", "nul": "a\u0000", "many": ["a"], "object": {}, "0": {"1": "n"},
    "https://id.example/t": "url", "path": "a/b?c", "dots": "..", "umlaut": "ü"}"#;
