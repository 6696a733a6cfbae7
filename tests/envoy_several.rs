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

use gates::{LEAN, ask, start};
use plan::WHOLE;

#[test]
fn each_filter_of_a_chain_and_each_listener_has_its_own() {
    gates::are_told_apart(None, WHOLE);
}

#[test]
fn so_it_has_where_the_module_is_not_told_of_contexts() {
    gates::are_told_apart(None, LEAN);
}

/// The list that the documentation shows.
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
    are_enough(WHOLE, documented(), "ab")?;
    let lacks = [
        "proxy_on_context_create",
        "proxy_on_response_headers",
        "proxy_on_delete",
    ];
    let mut lean = documented();
    lean.retain(|name| !lacks.contains(name));
    lean.push("proxy_call_foreign_function");
    are_enough(LEAN, lean.clone(), "")?;
    // With that list the whole module is a lean one, and can't edit responses.
    let refused = start("several-whole-as-lean", None, WHOLE, &[("a", &["a"])], lean);
    let log = refused.err().unwrap_or_default();
    assert!(log.contains("the lean module edits no responses"), "{log}");
    Ok(())
}

fn are_enough(
    module: &'static str,
    capabilities: Vec<&'static str>,
    edited: &str,
) -> Result<(), String> {
    let name = "several-policies-documented";
    let chains: [(&str, &[&str]); 2] = [("a", &["a"]), ("ba", &["b", "a"])];
    let gates = start(name, None, module, &chains, capabilities)?;
    for _ in 0..4 {
        let all = ["a", "b"];
        let one = edited.get(..1).unwrap_or_default();
        assert_eq!(ask(&gates, "a", &all), (200, "a".into(), one.into()));
        assert_eq!(ask(&gates, "ba", &all), (200, "ab".into(), edited.into()));
        assert_eq!(ask(&gates, "ba", &["a"]).0, 401);
    }
    assert!(!gates.0.log().contains("host_call_failed"));
    Ok(())
}
