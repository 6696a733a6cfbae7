//! What the operator wrote.

mod error;

pub use error::{ConfigError, ConfigErrors};

/// A policy as it was written.
#[derive(Debug)]
pub struct Config {}

impl Config {
    /// Reads JSON text.
    ///
    /// # Errors
    /// Every error, each with its path.
    pub fn parse(_text: &[u8]) -> Result<Self, ConfigErrors> {
        Ok(Self {})
    }
}
