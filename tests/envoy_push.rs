//! Pushes to a real Envoy with four workers, under load: a bad one does nothing, a good one rules everywhere at once,
//! what was learnt is not forgotten, and a trap costs one worker's VM.
#![cfg(feature = "envoy-tests")]

#[path = "push/armed.rs"]
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod armed;
#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "push/facts.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "the long suite has more of it")]
mod facts;
#[path = "push/gate.rs"]
#[cfg(test)]
mod gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "push/load.rs"]
#[cfg(test)]
mod load;
#[path = "push/policies.rs"]
#[cfg(test)]
mod policies;

#[path = "push/told.rs"]
#[cfg(test)]
mod told;

use facts::Under;

#[test]
fn by_ecds_a_bad_push_does_nothing_and_a_good_one_rules_open_connections_at_once() {
    facts::bad_by_ecds(Under::default());
}

#[test]
fn by_lds_a_bad_push_does_nothing_and_a_good_one_leaves_open_connections_to_the_old_policy() {
    facts::bad_by_lds(Under::default());
}

#[test]
fn with_no_policy_before_a_bad_one_shuts_the_gate_until_a_good_one_comes() {
    facts::bad_at_first(Under::default());
}

#[test]
fn good_pushes_lose_no_request_and_forget_nothing_while_the_config_centre_is_down() {
    facts::learnt(Under::default());
}

#[test]
fn a_trap_with_fail_reload_costs_a_moment_of_one_worker() {
    facts::reloaded(Under::default());
}

#[test]
fn a_trap_with_fail_closed_costs_one_worker_until_the_next_push() {
    facts::closed(Under::default());
}

#[test]
fn the_gauges_go_on_when_the_policy_gets_other_vms() {
    told::upgraded(Under::default());
}

#[test]
fn a_refused_policy_is_told_of_though_envoy_says_yes_to_it() {
    told::refused(Under::default());
}

#[test]
fn a_policy_that_nobody_uses_is_let_go() {
    facts::let_go(Under::default());
}
