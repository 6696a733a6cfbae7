//! The adapter over the fake host: whatever the host and the client bring, nothing traps and nothing is let in.
#![cfg(feature = "fake-host")]

#[path = "adapter/support.rs"]
mod support;

#[path = "adapter/configuration.rs"]
mod configuration;
#[path = "adapter/requests.rs"]
mod requests;
#[path = "adapter/restricted.rs"]
mod restricted;
#[path = "adapter/strangers.rs"]
mod strangers;
#[path = "adapter/waiting.rs"]
mod waiting;
