//! Compiles a policy from its text.

use std::collections::BTreeMap;

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

/// Compiles a policy from JSON text, as a whole and list by list. Both must have the same result. If the JSON has errors,
/// reading it list by list reports them first, and then all others.
pub(crate) fn compile(
    json: &str,
    environment: &BTreeMap<String, String>,
) -> Result<Policy, ConfigErrors> {
    let environment = |name: &str| environment.get(name).cloned();
    let read = Policy::read(&json.as_bytes(), &environment);
    match Config::parse(json.as_bytes()) {
        Ok(config) => {
            let whole = Policy::compile(&config, &environment);
            assert_eq!(format!("{read:?}"), format!("{whole:?}"), "{json}");
        }
        Err(written) => {
            let errors = read.as_ref().err();
            let errors: Vec<_> = errors.into_iter().flat_map(ConfigErrors::iter).collect();
            let written: Vec<_> = written.iter().collect();
            assert!(errors.starts_with(&written), "{json}\n{errors:?}");
        }
    }
    read
}
