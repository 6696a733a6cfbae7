//! From a policy's text to the policy.

use std::collections::BTreeMap;

use postern::config::{Config, ConfigErrors};
use postern::policy::{Environment, Policy};

/// Compiles a policy that was written as JSON text: whole, and list by list, which must come to the same. Where it is
/// written wrongly, the latter tells that first, and then what else is wrong.
pub(crate) fn compile(
    json: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Policy, ConfigErrors> {
    let environment = Variables(environment.clone());
    let read = Policy::read(&json.as_bytes(), &environment);
    match Config::parse(json.as_bytes()) {
        Ok(config) => {
            let whole = Policy::compile(&config, &environment);
            assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{json}");
        }
        Err(written) => {
            let told = read.as_ref().err();
            let told: Vec<_> = told.into_iter().flat_map(ConfigErrors::iter).collect();
            let written: Vec<_> = written.iter().collect();
            assert!(told.starts_with(&written), "{json}\n{told:?}");
        }
    }
    read
}

#[derive(Debug)]
struct Variables(BTreeMap<String, String>);

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }
}
