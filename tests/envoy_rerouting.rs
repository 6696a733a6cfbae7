//! Envoy chooses its route again after the policy's edits. Where its routes match by the routing header alone, no edit moves a
//! request to a cluster that the policy didn't allow; nor does one where Envoy checks the cluster behind the filter.
#![cfg(feature = "envoy-tests")]

#[path = "rerouting/checks.rs"]
#[cfg(test)]
mod checks;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "rerouting/gate.rs"]
#[cfg(test)]
mod gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "rerouting/tables.rs"]
#[cfg(test)]
mod tables;

#[test]
fn no_edit_moves_a_request_to_a_cluster_that_is_not_allowed() {
    checks::edits_and_routes("rerouting", None);
}
