//! What runs: a policy, compiled once from its config.

use crate::config::{Config, ConfigErrors};

/// A compiled policy.
#[derive(Debug)]
pub struct Policy {}

/// The environment of the VM, for `{env: NAME}`.
pub trait Environment {
    /// The variable's value, where it is set.
    fn variable(&self, name: &str) -> Option<String>;
}

impl Policy {
    /// Compiles the whole config, or nothing of it.
    ///
    /// # Errors
    /// Every error, each with its path.
    pub fn compile(_config: &Config, _environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Ok(Self {})
    }
}
