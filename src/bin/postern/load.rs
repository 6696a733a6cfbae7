//! One policy, read and compiled, from whatever holds it.

use std::path::Path;

use postern::config::Config;
use postern::policy::Policy;

use crate::environment::Variables;
use crate::file;
use crate::tree::{Tree, Value};
use crate::verb::Failure;
use crate::wrapper::{Held, find};

/// Reads the one policy of a file. What is wrong with it is told in whole.
pub(crate) fn policy(path: &Path, environment: &Variables) -> Result<(Config, Policy), Failure> {
    let name = path.display();
    let text = file::text(path)?;
    let documents = file::documents(&text).map_err(|error| {
        Failure(format!(
            "{name}:{}:{}: {}",
            error.at.line, error.at.column, error.reason
        ))
    })?;
    let mut policies = Vec::new();
    for found in documents.iter().flat_map(find) {
        match found.held {
            Held::Policy(tree) => policies.push(tree.to_json()),
            Held::Text(Tree {
                value: Value::Text(text, _),
                ..
            }) => policies.push(text.to_string()),
            Held::Text(_) | Held::Foreign(_) => {}
            Held::Wrong(at, reason, _) => {
                return Err(Failure(format!(
                    "{name}:{}:{}: {reason}",
                    at.line, at.column
                )));
            }
        }
    }
    let [json] = policies.as_slice() else {
        return Err(Failure(format!(
            "{name}: {} policies are in it, not one",
            policies.len()
        )));
    };
    let compiled = Config::parse(json.as_bytes())
        .and_then(|config| Policy::compile(&config, environment).map(|policy| (config, policy)));
    compiled.map_err(|errors| {
        let lines = errors.iter().map(|error| format!("\n  {error}"));
        let lines: String = lines.collect();
        Failure(format!(
            "{name} has errors (`postern check` tells their places):{lines}"
        ))
    })
}
