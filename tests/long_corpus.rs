//! The corpus through the real module in the oldest version of Envoy that is supported.
#![cfg(feature = "envoy-tests")]

#[path = "support/case.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
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
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/plan.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod servers;
#[path = "support/tokens.rs"]
#[cfg(test)]
mod tokens;
#[path = "support/versions.rs"]
#[cfg(test)]
mod versions;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

use envoy_gate::{EnvoyGate, World};

/// Among others, the proxy's own verification of signatures differs between versions.
#[test]
fn every_case_in_the_oldest_version() -> Result<(), String> {
    let world = World::start(Some(&versions::envoy_of("1.36.")))?;
    corpus::run("Envoy 1.36", |file| EnvoyGate::open(&world, file));
    let traps = world.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
    Ok(())
}
