//! Postern.

pub mod config;
pub mod engine;
#[cfg(any(target_arch = "wasm32", feature = "fake-host"))]
pub mod host;
pub mod http;
pub mod policy;
pub mod secret;
pub mod source;
pub mod time;
