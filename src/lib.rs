//! Postern.

pub mod cache;
pub mod config;
pub mod engine;
pub mod http;
pub mod policy;
pub mod secret;
pub mod source;
pub mod time;
