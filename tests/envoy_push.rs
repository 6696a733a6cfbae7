//! Pushes to a real Envoy with four workers, under load. A refused push changes nothing. A good one is active everywhere at
//! once, and what was learnt from sources stays. A trap ends the VM of one worker.
#![cfg(feature = "envoy-tests")]

#[path = "push/accepted.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod accepted;
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
#[path = "push/common.rs"]
#[cfg(test)]
mod common;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "push/gate.rs"]
#[cfg(test)]
mod gate;
#[path = "push/gauges.rs"]
#[cfg(test)]
mod gauges;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "push/load.rs"]
#[cfg(test)]
mod load;
#[path = "push/policies.rs"]
#[cfg(test)]
mod policies;
#[path = "push/refused.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod refused;
#[path = "push/traps.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod traps;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

#[test]
fn over_ecds_a_refused_push_changes_nothing_and_a_good_one_changes_open_connections() {
    refused::over_ecds(None);
}

#[test]
fn over_lds_a_refused_push_changes_nothing_and_a_good_one_leaves_open_connections() {
    refused::over_lds(None);
}

#[test]
fn a_refused_first_policy_denies_every_request_until_a_good_one_comes() {
    refused::as_first_policy(None);
}

#[test]
fn pushes_while_the_config_centre_is_down_lose_no_request_and_no_document() {
    accepted::keeps_documents(None);
}

#[test]
fn a_trap_with_fail_reload_affects_one_worker_for_a_moment() {
    traps::fail_reload(None);
}

#[test]
fn a_trap_with_fail_closed_affects_one_worker_until_the_next_push() {
    traps::fail_closed(None);
}

#[test]
fn the_gauges_survive_new_vms() {
    gauges::survive_new_vms(None);
}

#[test]
fn the_gauges_show_a_refused_policy_that_envoy_accepts_later() {
    gauges::show_a_refused_policy(None);
}

#[test]
fn a_replaced_policy_is_freed() {
    accepted::frees_the_old_policy(None);
}
