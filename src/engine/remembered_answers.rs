//! Whose answer a request gets: with everything remembered it is what the service says to this very request.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use crate::config::Config;
use crate::engine::{Engine, Event, HostVerifier, Inputs, Observer, Step, Store};
use crate::http::{Callout, Edits, HeaderMap, Reply, Request};
use crate::policy::Policy;
use crate::source::LocalData;
use crate::time::Timestamp;

/// Requests to the service, each with its values in other places.
const SOURCES: [&str; 14] = [
    r#""path": "/s/${path.id}""#,
    r#""path": "/s/${path.id:-${query.q}}""#,
    r#""path": "/s/${query.q}/${query.r:-x}""#,
    r#""path": "/s${request.path}""#,
    r#""path": "/s", "query": {"a": "${path.id}"}"#,
    r#""path": "/s", "query": {"a": "${path.id:-${query.q}}", "b": "${query.r:-}"}"#,
    r#""path": "/s", "query": {"a": "${request.path}"}"#,
    r#""path": "/s", "headers": {"x-a": "${header.x-h}"}"#,
    r#""path": "/s", "headers": {"x-a": "a ${header.x-h:-${query.q}}", "x-b": "${path.id:-}"}"#,
    r#""path": "/s", "method": "POST", "body": {"json": {"a": "${path.id:-${query.q}}", "b": ["${query.r:-}"]}}"#,
    r#""path": "/s", "method": "POST", "body": {"json": {"a": "${request.path}"}}"#,
    r#""path": "/s", "method": "POST", "body": {"form": {"a": "${lower(query.q)}", "b": "${path.id:-n}"}}"#,
    r#""path": "/s", "method": "POST", "headers": {"content-type": "text/plain"}, "body": "${query.q}${header.x-h:-}""#,
    r#""path": "/s/${path.id}", "query": {"a": "${query.q}"}"#,
];

/// The key of the last of them is its own.
const KEY: &str = r#", "key": "${query.q} ${path.id}""#;

const PATHS: [&str; 11] = [
    "/u", "/u/a", "/u/A", "/u/a%20b", "/u/a+b", "/u/a%2Bb", "/u/a/b", "/u/a%2Fb", "/u/@", "/u/%40",
    "/u/n",
];

const VALUES: [Option<&str>; 9] = [
    None,
    Some(""),
    Some("a"),
    Some("A"),
    Some("a%20b"),
    Some("a%2520b"),
    Some("a%2Fb"),
    Some("%00a"),
    Some("n"),
];

const HEADERS: [&[&str]; 5] = [&[], &[""], &["a"], &["a", "b"], &["a,b"]];

struct Nothing;

impl HostVerifier for Nothing {}

impl Inputs for Nothing {
    fn now(&mut self) -> Timestamp {
        Timestamp::from_nanos(1)
    }

    fn random(&mut self) -> u64 {
        0
    }
}

impl Observer for Nothing {
    fn event(&mut self, _: &Event<'_>) {}
}

fn policy() -> Arc<Policy> {
    let sources = SOURCES.iter().enumerate().map(|(at, http)| {
        let has_own = SOURCES.last() == Some(http);
        let key = if has_own { KEY } else { "" };
        format!(r#""s{at}": {{"http": {{"cluster": "c", {http}}}, "onDemand": {{"ttl": "1h", "maxEntries": 100000{key}}}}}"#)
    });
    let routes = (0..SOURCES.len()).map(|at| {
        format!(
            r#"{{"name": "r{at}", "hosts": ["s{at}.test"], "match": [{{"path": {{"regex": "/u(?:/(?P<id>.+))?"}}}}], "require": "none",
                 "lookup": {{"l": {{"source": "s{at}", "values": {{"v": "$.v"}}, "onMissing": {{"default": {{"v": "none"}}}}}}}},
                 "rewrite": {{"path": "/v/${{l.v}}"}}}}"#
        )
    });
    let (sources, routes) = (
        sources.collect::<Vec<_>>().join(", "),
        routes.collect::<Vec<_>>().join(", "),
    );
    let text = format!(
        r#"{{"paths": {{"escapedSlash": "keep"}}, "sources": {{{sources}}}, "routes": [{routes}]}}"#
    );
    let config = Config::parse(text.as_bytes()).unwrap();
    Arc::new(Policy::compile(&config, &|_: &str| None).unwrap())
}

fn gate(policy: &Arc<Policy>) -> Engine {
    Engine::new(Arc::clone(policy), &Store::new(7), &mut Nothing)
}

/// The service tells the request that it got.
fn reply(callout: &Callout) -> Reply {
    let mut hasher = DefaultHasher::new();
    for (name, value) in &callout.headers {
        (&**name, &**value).hash(&mut hasher);
    }
    callout.body.hash(&mut hasher);
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", "200")]),
        body: format!(r#"{{"v": "{:x}"}}"#, hasher.finish()).into_bytes(),
    }
}

/// The path that is forwarded, or the status of a denial.
fn decide(gate: &mut Engine, request: &HeaderMap) -> Result<Vec<u8>, u16> {
    let mut edits = Edits::default();
    let start = Request::new(request.view());
    let mut step = gate.start(&start, &mut edits, &mut Nothing, &mut Nothing);
    if let Step::Wait(waiting) = step {
        let mut shared = LocalData::default();
        for (flight, callout) in gate.callouts() {
            let now = Timestamp::from_nanos(1);
            let _woken = gate.reply(flight, Ok(reply(&callout)), now, &mut shared, &mut Nothing);
        }
        let suspended = waiting.suspended;
        step = suspended.resume(gate, &mut edits, &mut Nothing, &mut Nothing);
    }
    match step {
        Step::Continue => Ok(edits.path().unwrap().to_vec()),
        Step::Respond(response) => Err(response.status),
        Step::Wait(_) => panic!("it waits again"),
    }
}

fn requests() -> Vec<HeaderMap> {
    let mut all = Vec::new();
    for source in 0..SOURCES.len() {
        for path in PATHS {
            for q in VALUES {
                for r in [None, Some(""), Some("a%20b")] {
                    for values in HEADERS {
                        let parameters = [("q", q), ("r", r)];
                        let parameters: Vec<_> = parameters
                            .iter()
                            .filter_map(|(name, value)| Some(format!("{name}={}", (*value)?)))
                            .collect();
                        let mut headers = vec![
                            (":method", "GET".to_owned()),
                            (":authority", format!("s{source}.test")),
                            (":path", format!("{path}?{}", parameters.join("&"))),
                        ];
                        headers.extend(values.iter().map(|value| ("x-h", (*value).to_owned())));
                        all.push(HeaderMap::from_pairs(&headers));
                    }
                }
            }
        }
    }
    all
}

#[test]
fn remembered_answers_change_nothing() {
    let (policy, requests) = (policy(), requests());
    let expected = requests
        .iter()
        .map(|request| decide(&mut gate(&policy), request));
    let expected: Vec<_> = expected.collect();
    let different: std::collections::BTreeSet<_> = expected.iter().collect();
    assert!(different.len() > 100, "{}", different.len());
    // The first of two requests with one key leaves its answer, so both orders are tried.
    let (mut forwards, mut backwards) = (gate(&policy), gate(&policy));
    let both = requests.iter().zip(&expected);
    for (request, expected) in both.clone() {
        let name = String::from_utf8_lossy(request.as_wire());
        assert_eq!(decide(&mut forwards, request), *expected, "{name}");
    }
    for (request, expected) in both.rev() {
        let name = String::from_utf8_lossy(request.as_wire());
        assert_eq!(decide(&mut backwards, request), *expected, "{name}");
    }
}
