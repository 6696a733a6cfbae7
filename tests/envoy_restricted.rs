//! A real Envoy that restricts the module's capabilities. A call that is not allowed returns an error, and never traps.
#![cfg(feature = "envoy-tests")]
#![expect(clippy::expect_used, reason = "a test may panic")]

#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod servers;

use envoy::Envoy;
use http1::get;
use plan::Plan;
use servers::Upstreams;

/// The module's callbacks and calls, without the two WASI calls for random bits and environment variables.
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

/// Starts Envoy with a policy and these capabilities.
fn start(
    name: &str,
    key: &str,
    capabilities: &[&'static str],
) -> Result<(Envoy, Upstreams), String> {
    let upstreams = Upstreams::start(&["default"], &[("content-length", "0")]);
    let plan = Plan {
        name: name.into(),
        policies: vec![("gate".into(), policy(key))],
        environment: [("KEY".to_owned(), "k1".to_owned())].into(),
        clusters: upstreams.addresses.clone(),
        workers: 2,
        capabilities: capabilities.to_vec(),
        ..Plan::default()
    };
    Ok((plan.start()?, upstreams))
}

/// The statuses with and without a key. The requests are repeated, because each connection may be on another worker.
fn answers(envoy: &Envoy) -> Vec<(u16, u16)> {
    let gate = envoy.listener("gate").expect("a listener");
    let ask = |fields| get(gate, "/", fields).map_or(0, |answer| answer.status());
    (0..8)
        .map(|_| (ask("x-api-key: k1\r\n"), ask("")))
        .collect()
}

#[test]
fn decides_without_random_bits() {
    let (envoy, _upstreams) = start("restricted-random", r#"{"value": "k1"}"#, &ALLOWED).unwrap();
    assert_eq!(answers(&envoy), [(200, 401); 8], "{}", envoy.log());
    assert!(envoy.traps().is_empty(), "{:?}", envoy.traps());
}

#[test]
fn refuses_a_policy_that_needs_a_denied_environment() {
    // With a static listener, a refused policy keeps Envoy from starting.
    let ended = start("restricted-environment", r#"{"env": "KEY"}"#, &ALLOWED).unwrap_err();
    assert!(
        ended.contains("the environment variable `KEY` is not set"),
        "{ended}"
    );
    assert!(!ended.contains("proc_exit"), "{ended}");
}

#[test]
fn accepts_the_policy_with_the_environment() {
    let (envoy, _upstreams) = start("unrestricted-environment", r#"{"env": "KEY"}"#, &[]).unwrap();
    assert_eq!(answers(&envoy), [(200, 401); 8], "{}", envoy.log());
}

#[test]
fn denies_where_streams_are_not_announced() {
    let mut allowed = ALLOWED.to_vec();
    allowed.retain(|name| *name != "proxy_on_context_create");
    let (envoy, _upstreams) = start("restricted-contexts", r#"{"value": "k1"}"#, &allowed).unwrap();
    assert_eq!(answers(&envoy), [(503, 503); 8], "{}", envoy.log());
    assert!(envoy.traps().is_empty(), "{:?}", envoy.traps());
}
