//! A real Envoy whose operator allows the module less than it asks for: a call that it may not make is an answer like any
//! other, and never a trap.
#![cfg(feature = "envoy-tests")]
#![expect(clippy::expect_used, reason = "a test may panic")]

#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "shared with suites that need more of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "shared with suites that need more of it")]
mod servers;

use envoy::Envoy;
use http1::get;
use plan::Plan;
use servers::Upstreams;

/// What the module is called by and calls, without the two that the standard library would have asked for bits and
/// variables.
const ALLOWED: [&str; 21] = [
    "proxy_on_context_create",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_request_headers",
    "proxy_on_response_headers",
    "proxy_on_http_call_response",
    "proxy_on_delete",
    "proxy_log",
    "proxy_get_log_level",
    "proxy_get_buffer_bytes",
    "proxy_get_header_map_pairs",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_send_local_response",
    "proxy_http_call",
    "proxy_set_tick_period_milliseconds",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_set_effective_context",
];

fn policy(key: &str) -> String {
    format!(
        r#"{{"providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
            "consumers": [{{"name": "one", "credentials": [{{"apiKey": {key}}}]}}],
            "routes": [{{"name": "all", "require": "keys"}}]}}"#
    )
}

fn plan(
    name: &str,
    policy: String,
    capabilities: Vec<&'static str>,
    upstreams: &Upstreams,
) -> Plan {
    Plan {
        name: name.into(),
        policies: vec![("gate".into(), policy)],
        environment: [("KEY".to_owned(), "k1".to_owned())].into(),
        clusters: upstreams.addresses.clone(),
        workers: 2,
        capabilities,
    }
}

fn upstreams() -> Upstreams {
    Upstreams::start(&["default"], &[("content-length", "0")])
}

/// With and without a key, several times: each connection may be another worker's.
fn answers(envoy: &Envoy) -> Vec<(u16, u16)> {
    let gate = envoy.listener("gate").expect("a listener");
    let ask = |fields| get(gate, "/", fields).map_or(0, |answer| answer.status());
    (0..8)
        .map(|_| (ask("x-api-key: k1\r\n"), ask("")))
        .collect()
}

#[test]
fn without_random_bits_it_decides_as_ever() {
    let upstreams = upstreams();
    let plan = plan(
        "restricted-random",
        policy(r#"{"value": "k1"}"#),
        ALLOWED.into(),
        &upstreams,
    );
    let envoy = plan.start().unwrap();
    assert_eq!(answers(&envoy), [(200, 401); 8], "{}", envoy.log());
    assert!(envoy.traps().is_empty(), "{:?}", envoy.traps());
}

#[test]
fn without_the_environment_a_policy_that_needs_it_is_refused() {
    let upstreams = upstreams();
    let plan = plan(
        "restricted-environment",
        policy(r#"{"env": "KEY"}"#),
        ALLOWED.into(),
        &upstreams,
    );
    // With a static listener Envoy doesn't start on a refused policy.
    let ended = plan.start().unwrap_err();
    assert!(
        ended.contains("the environment variable `KEY` is not set"),
        "{ended}"
    );
    assert!(!ended.contains("proc_exit"), "{ended}");
}

#[test]
fn with_the_environment_it_is_taken() {
    let upstreams = upstreams();
    let plan = plan(
        "unrestricted-environment",
        policy(r#"{"env": "KEY"}"#),
        Vec::new(),
        &upstreams,
    );
    let envoy = plan.start().unwrap();
    assert_eq!(answers(&envoy), [(200, 401); 8], "{}", envoy.log());
}
