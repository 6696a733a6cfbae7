//! From a policy's text to the policy.

use std::collections::BTreeMap;

use postern::config::{Config, ConfigErrors};
use postern::policy::{Environment, Policy};

/// Compiles a policy that was written as JSON text: whole, and list by list, which must come to the same.
pub(crate) fn compile(
    json: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Policy, ConfigErrors> {
    let environment = Variables(environment.clone());
    let config = Config::parse(json.as_bytes());
    let whole = config.and_then(|config| Policy::compile(&config, &environment));
    let read = Policy::read(&json.as_bytes(), &environment);
    assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{json}");
    read
}

#[derive(Debug)]
struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}
