//! From a policy's text to the policy.

use std::collections::BTreeMap;

use postern::config::{Config, ConfigErrors};
use postern::policy::{Environment, Policy};

/// Compiles a policy that was written as JSON text.
pub(crate) fn compile(
    json: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Policy, ConfigErrors> {
    Policy::compile(
        &Config::parse(json.as_bytes())?,
        &Variables(environment.clone()),
    )
}

#[derive(Debug)]
struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}
