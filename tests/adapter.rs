//! The adapter over the fake host: whatever the host and the client bring, nothing traps and nothing is let in.
#![cfg(feature = "fake-host")]

#[cfg(test)]
#[path = "adapter/support.rs"]
mod support;

#[cfg(test)]
#[path = "adapter/built.rs"]
mod built;
#[cfg(test)]
#[path = "adapter/callouts.rs"]
mod callouts;
#[cfg(test)]
#[path = "adapter/chains.rs"]
mod chains;
#[cfg(test)]
#[path = "adapter/configuration.rs"]
mod configuration;
#[cfg(test)]
#[path = "adapter/demo.rs"]
mod demo;
#[cfg(test)]
#[path = "adapter/documents.rs"]
mod documents;
#[cfg(test)]
#[path = "adapter/duplicates.rs"]
mod duplicates;
#[cfg(test)]
#[path = "adapter/floods.rs"]
mod floods;
#[cfg(test)]
#[path = "adapter/key_sets.rs"]
mod key_sets;
#[cfg(test)]
#[path = "adapter/leases.rs"]
mod leases;
#[cfg(test)]
#[path = "adapter/lists.rs"]
mod lists;
#[cfg(test)]
#[path = "adapter/log.rs"]
mod log;
#[cfg(test)]
#[path = "adapter/older.rs"]
mod older;
#[cfg(test)]
#[path = "adapter/published.rs"]
mod published;
#[cfg(test)]
#[path = "adapter/requests.rs"]
mod requests;
#[cfg(test)]
#[path = "adapter/restricted.rs"]
mod restricted;
#[cfg(test)]
#[path = "adapter/revoked.rs"]
mod revoked;
#[cfg(test)]
#[path = "adapter/rollouts.rs"]
mod rollouts;
#[cfg(test)]
#[path = "adapter/several.rs"]
mod several;
#[cfg(test)]
#[path = "adapter/side_by_side.rs"]
mod side_by_side;
#[cfg(test)]
#[path = "adapter/signatures.rs"]
mod signatures;
#[cfg(test)]
#[path = "adapter/split.rs"]
mod split;
#[cfg(test)]
#[path = "adapter/stats.rs"]
mod stats;
#[cfg(test)]
#[path = "adapter/threads.rs"]
mod threads;
#[cfg(test)]
#[path = "adapter/unknown.rs"]
mod unknown;
#[cfg(test)]
#[path = "adapter/waiting.rs"]
mod waiting;
