//! The older versions of Envoy choose a route after the policy's edits as the newest one does.
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
#[path = "support/versions.rs"]
#[cfg(test)]
mod versions;

#[test]
fn no_edit_moves_a_request_in_any_version() {
    for version in ["1.36.", "1.37.", "1.38.", "1.39."] {
        let envoy = versions::envoy_of(version);
        checks::edits_and_routes(&format!("rerouting-{version}"), Some(&envoy));
    }
}
