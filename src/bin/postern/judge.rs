//! All that there is to say of one policy, by its paths.

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

use crate::environment::Variables;
use crate::finding::Level;
use crate::lint;
use crate::tree::Which;

/// One thing.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) level: Level,
    pub(crate) rule: &'static str,
    /// As errors write it; empty for the whole.
    pub(crate) path: String,
    /// Which entry the path means, where there are two.
    pub(crate) which: Which,
    pub(crate) reason: String,
    pub(crate) suggestion: Option<String>,
}

/// Judges a policy as the filter does, and warns of what it wouldn't mind. `json` is what the filter would read.
pub(crate) fn judge(json: &str, environment: &Variables) -> Vec<Said> {
    let config = match Config::parse(json.as_bytes()) {
        Ok(config) => config,
        Err(errors) => return refused(&errors).collect(),
    };
    let mut said = Vec::new();
    match Policy::compile(&config, environment) {
        // The tool ends soon, and to take a large policy apart takes long.
        Ok(policy) => std::mem::forget(policy),
        Err(errors) => said.extend(refused(&errors)),
    }
    said.extend(lint::warnings(&config).into_iter().map(|warning| Said {
        level: Level::Warning,
        rule: warning.rule,
        path: warning.path,
        which: Which::First,
        reason: warning.reason,
        suggestion: Some(warning.suggestion),
    }));
    std::mem::forget(config);
    let assumed = environment.take_assumed();
    if !assumed.is_empty() {
        let names: Vec<_> = assumed.iter().map(|name| format!("`{name}`")).collect();
        said.push(Said {
            level: Level::Note,
            rule: "environment",
            path: String::new(),
            which: Which::First,
            reason: format!(
                "reads the environment: {}, taken to be set",
                names.join(", ")
            ),
            suggestion: None,
        });
    }
    said
}

fn refused(errors: &ConfigErrors) -> impl Iterator<Item = Said> {
    errors.iter().map(|error| Said {
        level: Level::Error,
        rule: "invalid",
        path: error.path.clone(),
        which: if error.reason == "duplicate key" {
            Which::Last
        } else {
            Which::First
        },
        reason: error.reason.clone(),
        suggestion: error.suggestion.clone(),
    })
}
