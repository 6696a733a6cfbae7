//! The dashboard and the alerts, by a real Prometheus: each alert fires on what it should and on nothing else, and every
//! query is answered, over what a real Envoy with the gate in it has counted.
#![cfg(feature = "envoy-tests")]

#[path = "push/armed.rs"]
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod armed;
#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites tell the centre to do more")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites look at the log")]
mod envoy;
#[path = "push/gate.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites push in more ways")]
mod gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "prometheus/rules.rs"]
#[cfg(test)]
mod rules;
#[path = "prometheus/scraped.rs"]
#[cfg(test)]
mod scraped;
#[path = "prometheus/server.rs"]
#[cfg(test)]
mod server;
#[path = "prometheus/shown.rs"]
#[cfg(test)]
mod shown;
