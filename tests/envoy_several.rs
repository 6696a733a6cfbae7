//! A real Envoy with several policies in one VM. Each filter decides by its own policy.
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

use gates::{ask, start};

#[test]
fn each_filter_uses_its_own_policy() {
    gates::each_filter_uses_its_own_policy(None);
}

/// The documented capabilities.
fn documented() -> Vec<&'static str> {
    let page = include_str!("../docs/operations.md");
    let rows = page.lines().filter(|line| {
        ["| callbacks |", "| host calls |", "| WASI |"]
            .iter()
            .any(|start| line.starts_with(start))
    });
    let names: Vec<_> = rows
        .flat_map(|row| row.split('`').skip(1).step_by(2))
        .collect();
    assert!(names.len() > 25, "{names:?}");
    names
}

#[test]
fn the_documented_capabilities_are_enough() -> Result<(), String> {
    let chains: [(&str, &[&str]); 2] = [("a", &["a"]), ("ba", &["b", "a"])];
    let gates = start("several-policies-documented", None, &chains, documented())?;
    for _ in 0..4 {
        let all = ["a", "b"];
        assert_eq!(ask(&gates, "a", &all), (200, "a".into(), "a".into()));
        assert_eq!(ask(&gates, "ba", &all), (200, "ab".into(), "ab".into()));
        assert_eq!(ask(&gates, "ba", &["a"]).0, 401);
    }
    assert!(!gates.0.log().contains("host_call_failed"));
    Ok(())
}
