//! The corpus through the real module in a real Envoy, with upstreams that keep the bytes that they got.
#![cfg(feature = "envoy-tests")]

#[path = "support/case.rs"]
#[cfg(test)]
mod case;
#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "support/compile.rs"]
#[cfg(test)]
mod compile;
#[path = "support/corpus.rs"]
#[cfg(test)]
mod corpus;
#[path = "support/envoy.rs"]
#[cfg(test)]
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
mod servers;

use std::rc::Rc;

use envoy_gate::{EnvoyGate, World};

#[test]
fn every_case() -> Result<(), String> {
    let world = World::start()?;
    let shown = Shown(Rc::clone(&world));
    corpus::run("envoy", |file| EnvoyGate::open(&world, file));
    let traps = shown.0.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
    Ok(())
}

/// Shows the end of Envoy's log where the test fails.
struct Shown(Rc<World>);

impl Drop for Shown {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.envoy.show_log();
        }
    }
}

/// With a policy that doesn't compile Envoy doesn't start, and its log says where and why.
#[test]
fn a_bad_policy_is_refused_whole_with_its_errors_in_the_log() {
    refused::run(refused::ENVOY, |json, file| {
        let plan = plan::Plan {
            name: "envoy-refused".into(),
            policies: vec![("refused".into(), json.into())],
            environment: file.env.clone(),
            clusters: vec![("default".into(), ([127, 0, 0, 1], 9).into())],
            workers: 1,
            capabilities: Vec::new(),
        };
        let Err(log) = plan.start() else {
            return Vec::new();
        };
        let mut errors: Vec<_> = log.lines().filter_map(logged::config_error).collect();
        errors.dedup();
        errors
    });
}
