//! Pushes to a real Envoy that take longer to judge: a thousand of them, what one costs, and other versions of Envoy.
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
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "push/facts.rs"]
#[cfg(test)]
mod facts;
#[path = "push/gate.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "the short suite pushes in more ways")]
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
#[path = "push/rolling.rs"]
#[cfg(test)]
mod rolling;
#[path = "support/versions.rs"]
#[cfg(test)]
mod versions;
