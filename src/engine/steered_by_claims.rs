//! What claims decide, with a provider that says what a test wants.

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
    let text_of_policy = format!(
        r#"{{{PROVIDERS}, "routes": [{{"name": "r", "match": [{{"path": {{"prefix": "/"}}}}],
        "require": {{"any": ["corp", "keys"]}}, {route}}}]}}"#
    );
    let config = Config::parse(text_of_policy.as_bytes()).unwrap();
    let mut policy = Policy::compile(&config, &|_: &str| None).unwrap();
    let double = Double {
        guest: b"guest",
        claims,
        ..Double::default()
    };
    policy.providers.replace("corp", &Arc::new(double));
    let mut engine = Engine::new(Arc::new(policy), &Store::new(7), &mut Silent);
    let mut all = vec![(":method", "GET"), (":authority", "a"), (":path", "/p")];
    all.push(if claims.is_some() {
        ("x-token", "guest")
    } else {
        ("x-key", "k")
    });
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

/// The value of the header `x-v` that a template makes.
fn made(template: &str, claims: Option<&'static str>) -> Result<Option<String>, (u16, String)> {
    let template = template.replace('"', "\\\"");
    let route = format!(r#""rewrite": {{"headers": {{"set": {{"x-v": "{template}"}}}}}}"#);
    match run(&route, claims, &[]) {
        Answered::Forwarded(set, _) => {
            let mut own = set.into_iter().filter(|(name, _)| name == "x-v");
            Ok(own.next().map(|(_, value)| value))
        }
        Answered::Denied(status, reason, challenges) => {
            assert_eq!(challenges, [format!("Double error={reason}")]);
            Err((status, reason))
        }
    }
}

const CLAIMS: &str = r#"{"sub": "ann", "a b": {"c": 1.0}, "yes": true, "none": null, "empty": "", "tenant-id": "t1",
    "realm": {"roles": ["r0", "r1"]}, "line": "a\r\nb: c", "nul": "a\u0000", "many": ["a"], "object": {}, "0": {"1": "n"},
    "https://id.example/t": "url", "path": "a/b?c", "dots": "..", "umlaut": "ü"}"#;

#[test]
fn templates_hold_claims() {
    for (template, value) in [
        ("${claims.sub}", Some("ann")),
        ("<${claims.sub}>", Some("<ann>")),
        ("${claims['a b'].c}", Some("1")),
        ("${claims.yes}", Some("true")),
        ("${claims.empty}", Some("")),
        ("${claims.tenant-id}", Some("t1")),
        ("${claims.0.1}", Some("n")),
        ("${claims['https://id.example/t']}", Some("url")),
        ("${claims.realm.roles[0]}", Some("r0")),
        ("${claims.realm.roles[-1]}", Some("r1")),
        ("${claims.umlaut}", Some("ü")),
        ("${claims.realm.roles[2]}", None),
        ("${claims.none}", None),
        ("${claims.missing}", None),
        ("${claims.sub.x}", None),
        ("${claims.missing:-x${claims.sub}}", Some("xann")),
        ("${claims.none:-}", Some("")),
        ("a${claims.missing}", None),
    ] {
        let value = Ok(value.map(str::to_owned));
        assert_eq!(made(template, Some(CLAIMS)), value, "{template}");
    }
}

#[test]
fn a_claim_that_is_no_text_or_no_header_value_is_a_denial() {
    for claim in ["line", "nul", "many", "object", "realm"] {
        let denied = Err((401, "invalid_claims".to_owned()));
        for template in [
            format!("${{claims.{claim}}}"),
            format!("a${{claims.{claim}:-b}}"),
        ] {
            assert_eq!(made(&template, Some(CLAIMS)), denied, "{template}");
        }
    }
}

#[test]
fn a_sender_without_claims_has_none() {
    assert_eq!(made("${claims.sub}", None), Ok(None));
    assert_eq!(made("${claims.sub:-x}", None), Ok(Some("x".into())));
}

#[test]
fn claims_make_one_segment_and_one_parameter() {
    let path = |claim: &str| {
        let route = format!(
            r#""rewrite": {{"path": "/x/${{claims.{claim}}}", "query": {{"set": {{"q": "${{claims.{claim}}}"}}}}}}"#
        );
        match run(&route, Some(CLAIMS), &[]) {
            Answered::Forwarded(_, path) => path,
            Answered::Denied(status, reason, _) => format!("{status} {reason}"),
        }
    };
    assert_eq!(path("sub"), "/x/ann?q=ann");
    assert_eq!(path("path"), "/x/a%2Fb%3Fc?q=a%2Fb%3Fc");
    for claim in ["dots", "empty", "missing", "line", "many"] {
        assert_eq!(path(claim), "401 invalid_claims", "{claim}");
    }
}

#[test]
fn a_claim_is_the_key_of_a_lookup() {
    let route = |claim: &str| {
        format!(
            r#""lookup": {{"t": {{"source": "tenants", "key": "${{claims.{claim}}}", "values": {{"on": "$.on"}}}}}},
            "authorize": {{"lookup": "t.on", "equals": true}}"#
        )
    };
    let is_let_in = |claim| {
        matches!(
            run(&route(claim), Some(CLAIMS), &[]),
            Answered::Forwarded(..)
        )
    };
    assert!(is_let_in("tenant-id"));
    for (claim, status) in [("sub", 404), ("missing", 404), ("many", 401), ("line", 401)] {
        let outcome = run(&route(claim), Some(CLAIMS), &[]);
        assert!(
            matches!(outcome, Answered::Denied(is, ..) if is == status),
            "{claim}: {outcome:?}"
        );
    }
}
