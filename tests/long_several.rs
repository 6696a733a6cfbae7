//! Other versions of Envoy with several policies in one VM.
#![cfg(feature = "envoy-tests")]

#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "several/gates.rs"]
#[cfg(test)]
mod gates;
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
#[path = "support/versions.rs"]
#[cfg(test)]
mod versions;

#[test]
fn each_filter_uses_its_own_policy_in_every_version() {
    for version in ["1.36.", "1.37.", "1.38.", "1.39."] {
        let envoy = versions::envoy_of(version);
        gates::each_filter_uses_its_own_policy(Some(&envoy));
    }
}
