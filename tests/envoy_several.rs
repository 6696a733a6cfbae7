//! A real Envoy with several policies in one VM: each request is decided by its own filter's.
#![cfg(feature = "envoy-tests")]

#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "shared with suites that need more of it")]
mod envoy;
#[path = "several/gates.rs"]
#[cfg(test)]
mod gates;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "shared with suites that need more of it")]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;

use gates::{ask, start};
use http1::get;
use plan::DETAILS;

#[test]
fn each_filter_of_a_chain_and_each_listener_has_its_own() {
    gates::are_told_apart(None);
}

#[test]
fn where_the_operator_keeps_envoy_from_telling_several_policies_deny() {
    // Of the calls that could tell which policy is meant none is here.
    let allowed = vec![
        "proxy_on_configure",
        "proxy_on_tick",
        "proxy_on_request_headers",
        "proxy_on_delete",
        "proxy_get_buffer_bytes",
        "proxy_get_header_map_pairs",
        "proxy_remove_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_send_local_response",
        "proxy_set_tick_period_milliseconds",
        "proxy_get_current_time_nanoseconds",
        "proxy_set_effective_context",
    ];
    let one = start(
        "one-policy-restricted",
        None,
        &[("a", &["a"])],
        allowed.clone(),
    );
    assert_eq!(ask(&one, "a", &["a"]).0, 200);
    let two = start(
        "two-policies-restricted",
        None,
        &[("a", &["a"]), ("b", &["b"])],
        allowed,
    );
    for _ in 0..4 {
        for listener in ["a", "b"] {
            let address = two.0.listener(listener).expect("a listener");
            let answer = get(address, "/", "x-key-a: key-a\r\nx-key-b: key-b\r\n");
            let answer = answer.expect("an answer");
            assert_eq!(answer.status(), 503);
            let details = answer.field(DETAILS.as_bytes()).unwrap_or_default();
            assert_eq!(details, b"postern_unknown_context");
        }
    }
    assert!(two.1.received().is_empty());
}
