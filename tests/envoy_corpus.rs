//! The corpus through the real module in a real Envoy. The upstreams keep the requests that they receive.
#![cfg(feature = "envoy-tests")]

#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/compile.rs"]
#[cfg(test)]
mod compile;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/envoy_gate.rs"]
#[cfg(test)]
mod envoy_gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/logged.rs"]
#[cfg(test)]
mod logged;
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/refused.rs"]
#[cfg(test)]
mod refused;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod servers;
#[path = "support/tokens.rs"]
#[cfg(test)]
mod tokens;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

use envoy_gate::{EnvoyGate, World};

#[test]
fn every_case() -> Result<(), String> {
    let world = World::start(None)?;
    corpus::run("envoy", |file| EnvoyGate::open(&world, file));
    let traps = world.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
    Ok(())
}

/// With a policy that does not compile, Envoy does not start, and its log has the errors with their paths.
#[test]
fn every_invalid_policy_is_refused_with_all_its_errors() {
    refused::run(refused::ENVOY, |json, file| {
        let plan = plan::Plan {
            name: "envoy-refused".into(),
            policies: vec![("refused".into(), json.into())],
            environment: file.env.clone(),
            clusters: vec![("default".into(), ([127, 0, 0, 1], 9).into())],
            ..plan::Plan::default()
        };
        let Err(log) = plan.start() else {
            return Vec::new();
        };
        let mut errors: Vec<_> = log.lines().filter_map(logged::config_error).collect();
        errors.dedup();
        errors
    });
}
