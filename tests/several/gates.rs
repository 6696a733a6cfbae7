//! Envoys with several policies in one VM.

use std::path::Path;

use crate::envoy::Envoy;
use crate::http1::{self, get};
use crate::plan::Plan;
use crate::servers::Upstreams;

/// A policy that accepts its own key, and adds its own header to the request and to the response.
fn policy(name: &str) -> String {
    format!(
        r#"{{"providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-key-{name}"}}]}}}}}},
            "consumers": [{{"name": "one", "credentials": [{{"apiKey": {{"value": "key-{name}"}}}}]}}],
            "routes": [{{"name": "all", "require": "keys",
                         "rewrite": {{"headers": {{"set": {{"x-policy-{name}": "yes"}}}}}},
                         "response": {{"headers": {{"set": {{"x-answer-{name}": "yes"}}}}}}}}]}}"#
    )
}

/// Starts Envoy with listeners and their chains of filters, each filter given by the name of its policy.
pub(crate) fn start(
    name: &str,
    program: Option<&Path>,
    chains: &[(&str, &[&str])],
    capabilities: Vec<&'static str>,
) -> Result<(Envoy, Upstreams), String> {
    let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
    let of_chain = |(listener, names): &(&str, &[&str])| -> Vec<(String, String)> {
        let filter = |name: &&str| ((*listener).to_owned(), policy(name));
        names.iter().map(filter).collect()
    };
    let plan = Plan {
        name: name.to_owned(),
        policies: chains.iter().flat_map(of_chain).collect(),
        clusters: upstreams.addresses.clone(),
        workers: 2,
        capabilities,
        ..Plan::default()
    };
    Ok((plan.start_in(program)?, upstreams))
}

/// Sends a request with the keys of these policies. Returns the status, and the policies that edited request and response.
pub(crate) fn ask(
    (envoy, upstreams): &(Envoy, Upstreams),
    listener: &str,
    keys: &[&str],
) -> (u16, String, String) {
    let address = envoy.listener(listener).expect("a listener");
    let field = |name: &&str| format!("x-key-{name}: key-{name}\r\n");
    let fields: String = keys.iter().map(field).collect();
    let answer = get(address, "/", &fields).expect("an answer");
    let marks = |message: &http1::Message, prefix: &str| {
        let is_there = |name: &&str| {
            let field = format!("{prefix}{name}");
            message.field(field.as_bytes()).is_some()
        };
        ["a", "b", "c"].into_iter().filter(is_there).collect()
    };
    let request = upstreams.received();
    let request = request.first();
    (
        answer.status(),
        request.map_or_else(String::new, |(_, request)| marks(request, "x-policy-")),
        marks(&answer, "x-answer-"),
    )
}

/// Each filter of a chain, and of each listener, uses its own policy.
pub(crate) fn each_filter_uses_its_own_policy(program: Option<&Path>) {
    let gates = start(
        "several-policies",
        program,
        &[
            ("a", &["a"]),
            ("b", &["b"]),
            ("ab", &["a", "b"]),
            ("ba", &["b", "a"]),
            ("abc", &["a", "b", "c"]),
            ("cab", &["c", "a", "b"]),
            ("bca", &["b", "c", "a"]),
            ("aab", &["a", "a", "b"]),
        ],
        Vec::new(),
    )
    .expect("it starts");
    // The requests are repeated, because each connection may be on another worker.
    for _ in 0..4 {
        for listener in ["a", "b", "ab", "ba", "abc", "cab", "bca", "aab"] {
            let mut own: Vec<_> = ["a", "b", "c"]
                .into_iter()
                .filter(|name| listener.contains(name))
                .collect();
            let (status, request, response) = ask(&gates, listener, &["a", "b", "c"]);
            // The first filter strips the key, so a chain with the same policy twice denies every request.
            if listener == "aab" {
                assert_eq!((status, &*request), (401, ""), "{}", gates.0.log());
            } else {
                let all = own.concat();
                assert_eq!(
                    (status, &*request, &*response),
                    (200, &*all, &*all),
                    "{listener}"
                );
            }
            while own.pop().is_some() {
                let (status, request, _) = ask(&gates, listener, &own);
                assert_eq!((status, &*request), (401, ""), "{listener} with {own:?}");
            }
        }
    }
    assert!(gates.0.traps().is_empty(), "{:?}", gates.0.traps());
}
