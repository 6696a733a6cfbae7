//! Large documents in a real Envoy with one worker. However large a new document is, no request waits for it for long.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "documents/kinds.rs"]
#[cfg(test)]
mod kinds;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "documents/replaced.rs"]
#[cfg(test)]
mod replaced;
#[path = "support/servers.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod servers;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;
