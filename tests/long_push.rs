//! Tests of pushes to a real Envoy that take minutes: a thousand pushes, the cost of a push, hot restarts, rolling updates,
//! and other versions of Envoy.
#![cfg(feature = "envoy-tests")]

#[path = "push/accepted.rs"]
#[cfg(test)]
mod accepted;
#[path = "push/armed.rs"]
#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod armed;
#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "push/common.rs"]
#[cfg(test)]
mod common;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "push/gate.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod gate;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "push/load.rs"]
#[cfg(test)]
mod load;
#[path = "push/long.rs"]
#[cfg(test)]
mod long;
#[path = "push/policies.rs"]
#[cfg(test)]
mod policies;
#[path = "push/refused.rs"]
#[cfg(test)]
mod refused;
#[path = "push/rolling.rs"]
#[cfg(test)]
mod rolling;
#[path = "push/traps.rs"]
#[cfg(test)]
mod traps;
#[path = "support/versions.rs"]
#[cfg(test)]
mod versions;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;
