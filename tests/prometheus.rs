//! Checks the dashboard and the alerts with a real Prometheus, which scrapes a real Envoy with the filter. Each alert fires
//! when it should and only then. Every query has a result.
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
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "push/gate.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
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
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;
