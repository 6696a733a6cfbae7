//! Postern.

pub mod auth;
pub mod config;
pub mod engine;
pub mod http;
pub mod policy;
pub mod rewrite;
pub mod route;
pub mod secret;
pub mod source;
pub mod template;
pub mod time;
