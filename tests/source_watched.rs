//! Watched sources of several VMs around one config centre, all of them simulated.
#![expect(
    clippy::arithmetic_side_effects,
    reason = "a simulation that panics is a failed test"
)]

#[cfg(test)]
#[path = "source_watched/extra_fetch.rs"]
mod extra_fetch;
#[cfg(test)]
#[path = "source_watched/failures.rs"]
mod failures;
#[cfg(test)]
#[path = "source_watched/lease.rs"]
mod lease;
#[cfg(test)]
#[path = "source_watched/properties.rs"]
mod properties;
#[cfg(test)]
#[path = "source_watched/slices.rs"]
mod slices;
#[cfg(test)]
#[path = "source_watched/world.rs"]
mod world;
