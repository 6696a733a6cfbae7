//! The corpus through the real module in a real Envoy, with upstreams that keep the bytes that they got.
#![cfg(feature = "envoy-tests")]

#[path = "support/case.rs"]
#[cfg(test)]
mod case;
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
#[path = "support/outcome.rs"]
#[cfg(test)]
mod outcome;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;

use std::rc::Rc;

use envoy_gate::{EnvoyGate, World};

#[test]
fn every_case() {
    let world = match World::start() {
        Ok(world) => world,
        Err(error) => panic!("{error}"),
    };
    let shown = Shown(Rc::clone(&world));
    corpus::run("envoy", |file| EnvoyGate::open(&world, file));
    let traps = shown.0.envoy.traps();
    assert!(traps.is_empty(), "\n{}\n", traps.join("\n"));
}

/// Shows the end of Envoy's log where the test fails.
struct Shown(Rc<World>);

impl Drop for Shown {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.0.envoy.log();
            let lines: Vec<_> = log.lines().collect();
            let last = lines.len().saturating_sub(60);
            corpus::say(&format!("Envoy's log ends:\n{}", lines[last..].join("\n")));
        }
    }
}
