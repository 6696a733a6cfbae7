//! New paths by regular expressions, compared with a model that works on text.

use std::sync::Arc;

use postern::engine::{Engine, Event, HostVerifier, Inputs, Observer, Step, Store};
use postern::http::{Edits, HeaderMap, Request};
use postern::internals::route::{PathRules, canonicalise};
use postern::policy::Policy;
use postern::time::Timestamp;
use proptest::prelude::*;
use proptest::sample::select;
use regex_lite::Regex;
use serde_json::json;

#[derive(Debug)]
struct Host;

impl HostVerifier for Host {}

impl Inputs for Host {
    fn now(&mut self) -> Timestamp {
        Timestamp::default()
    }

    fn random(&mut self) -> u64 {
        0
    }
}

impl Observer for Host {
    fn event(&mut self, _: &Event<'_>) {}
}

/// The path at the upstream, or the status of a denial.
fn forwarded(rewrite: &serde_json::Value, path: &str) -> Result<String, u16> {
    let policy =
        json!({"routes": [{"name": "r", "require": "none", "rewrite": {"path": rewrite}}]});
    let policy = Policy::read(&policy.to_string().as_bytes(), &|_: &str| None).unwrap();
    let mut engine = Engine::new(Arc::new(policy), &Store::new(1), &mut Host);
    let pairs = [
        (":method", "GET"),
        (":path", path),
        (":authority", "a.test"),
    ];
    let head = HeaderMap::from_pairs(&pairs);
    let mut edits = Edits::default();
    match engine.start(&Request::new(head.view()), &mut edits, &mut Host, &mut Host) {
        Step::Continue => {
            let path = edits.path().unwrap_or(path.as_bytes()).to_vec();
            Ok(String::from_utf8(path).unwrap())
        }
        Step::Respond(response) => Err(response.status),
        Step::Wait(_) => panic!("nothing to wait for"),
    }
}

const EXPRESSIONS: [&str; 10] = [
    "^/(?P<a>[^/]*)/(?P<b>.*)$",
    "(?P<a>[a-b]+)(?P<b>/[^/]*)?",
    "(?P<a>\\.?)x(?P<b>\\.?)",
    "/(?P<a>c?)/?(?P<b>)$",
    "^(?P<a>.*)\\.b(?P<b>.*)",
    "(?P<a>b|bb)(?P<b>/)",
    "(?P<b>x*)(?P<a>$)",
    "(?P<a>.)(?P<b>.)$",
    "^(?P<a>)(?P<b>/)",
    "q(?P<a>a)(?P<b>b)",
];

const NEW: [&str; 9] = ["", "/n", "/n/", "n", "/", "-", ".", "b.", "/.c"];

/// A path that no rule changes or refuses.
fn is_new_path(path: &str) -> bool {
    let mut words: Vec<&str> = path.split('/').skip(1).collect();
    if words.last() == Some(&"") {
        words.pop();
    }
    path.starts_with('/')
        && words
            .iter()
            .all(|word| !word.is_empty() && *word != "." && *word != "..")
}

proptest! {
    #![proptest_config(super::fixed(1500))]

    #[test]
    fn a_path_is_what_the_model_says(path in "(/|[abcx.-]{1,3}){1,7}/?", regex in select(&EXPRESSIONS[..]), first in select(&NEW[..]), second in select(&NEW[..]), default in proptest::option::of("[a-z]{1,2}")) {
        let path = format!("/{path}");
        let canonical = canonicalise(path.as_bytes(), &PathRules::default());
        let Ok(canonical) = canonical else {
            return Ok(());
        };
        let came = String::from_utf8(canonical.forward().to_vec()).unwrap();
        let written = match &default {
            Some(default) => format!("{first}${{a}}{second}${{b:-{default}}}"),
            None => format!("{first}${{a}}{second}${{b}}"),
        };
        let expected = match Regex::new(regex).unwrap().captures(&came) {
            None => Ok(came.clone()),
            Some(found) => {
                let group = |name: &str| found.name(name).map(|group| group.as_str());
                let whole = found.get(0).unwrap();
                match (group("a"), group("b").or(default.as_deref())) {
                    (Some(a), Some(b)) => {
                        let (before, after) = (&came[..whole.start()], &came[whole.end()..]);
                        let new = format!("{before}{first}{a}{second}{b}{after}");
                        let new = if new.is_empty() { "/".to_owned() } else { new };
                        is_new_path(&new).then_some(new).ok_or(400)
                    }
                    _ => Err(400),
                }
            }
        };
        let policy = json!({"routes": [{"name": "r", "require": "none",
            "rewrite": {"path": {"regex": regex, "with": written}}}]});
        if Policy::read(&policy.to_string().as_bytes(), &|_: &str| None).is_err() {
            // A literal with an empty segment or a dot segment.
            return Ok(());
        }
        let found = forwarded(&json!({"regex": regex, "with": written}), &path);
        prop_assert_eq!(found, expected, "{} {}", regex, written);
    }
}

/// A long path might have a match, so it can't stay.
#[test]
fn a_path_that_is_too_long_for_the_expression_is_denied() {
    let rewrite = json!({"regex": "^/old/", "with": "/new/"});
    let path = |length: usize| format!("/old/{}", "a".repeat(length - 5));
    assert_eq!(
        forwarded(&rewrite, &path(8192)),
        Ok(path(8192).replace("/old", "/new"))
    );
    assert_eq!(forwarded(&rewrite, &path(8193)), Err(400));
    let query = format!("/old/a?{}", "a".repeat(9000));
    assert!(
        forwarded(&rewrite, &query)
            .unwrap()
            .starts_with("/new/a?aaa")
    );
}
