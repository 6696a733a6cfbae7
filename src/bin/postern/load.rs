//! One policy, read and compiled, from whatever holds it.

use std::path::Path;

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

use crate::environment::Variables;
use crate::file;
use crate::verb::Failure;
use crate::wrapper::{Held, find};
use crate::yaml::{self, Node, SyntaxError, Value};

/// Reads the one policy of a file. What is wrong with it is told in whole.
pub(crate) fn policy(path: &Path, environment: &Variables) -> Result<(Config, Policy), Failure> {
    let name = path.display();
    let text = file::text(path)?;
    if file::begins_as_json_policy(&text) {
        if let Ok(config) = Config::parse(text.as_bytes()) {
            return compile(config, environment).map_err(|errors| failure(path, &errors));
        }
    }
    let at = |error: SyntaxError| Failure(format!("{name}:{error}"));
    let mut policies = Vec::new();
    for document in yaml::read(&text).map_err(at)? {
        for found in find(&document.root) {
            match found.held {
                Held::Policy(node) => {
                    document.refuse(node).map_err(at)?;
                    policies.push(document.to_json(node));
                }
                Held::Text(Node {
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
    }
    let [json] = policies.as_slice() else {
        return Err(Failure(format!(
            "{name}: {} policies are in it, not one",
            policies.len()
        )));
    };
    Config::parse(json.as_bytes())
        .map_err(|written| {
            let errors = Policy::read(&json.as_bytes(), environment).err();
            errors.unwrap_or(written)
        })
        .and_then(|config| compile(config, environment))
        .map_err(|errors| failure(path, &errors))
}

fn compile(config: Config, environment: &Variables) -> Result<(Config, Policy), ConfigErrors> {
    let policy = Policy::compile(&config, environment)?;
    Ok((config, policy))
}

fn failure(path: &Path, errors: &ConfigErrors) -> Failure {
    let name = path.display();
    let lines = errors.iter().map(|error| format!("\n  {error}"));
    let lines: String = lines.collect();
    Failure(format!(
        "{name} has errors (`postern check` tells their places):{lines}"
    ))
}
