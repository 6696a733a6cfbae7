//! Files that hold policies: a plain policy, Envoy's configuration, a Kubernetes resource.

mod embedded;
mod resources;

use std::path::Path;

use postern::config::{Config, ConfigErrors};
use postern::policy::Policy;

use crate::environment::Variables;
use crate::exit::Failure;
use crate::input;
use crate::yaml::{self, SyntaxError};

pub(crate) use embedded::positions_in_file;
pub(crate) use resources::{Content, Found, find};

/// Reads and compiles the one policy of a file. The failure lists all errors.
pub(crate) fn load(path: &Path, environment: &Variables) -> Result<(Config, Policy), Failure> {
    let name = path.display();
    let text = input::read_text(path)?;
    if input::begins_as_json_policy(&text) {
        if let Ok(config) = Config::parse(text.as_bytes()) {
            return compile(config, environment).map_err(|errors| failure(path, &errors));
        }
    }
    let policies = policies(&text).map_err(|error| Failure(format!("{name}:{error}")))?;
    let [json] = policies.as_slice() else {
        let count = policies.len();
        return Err(Failure(format!(
            "{name}: expected one policy, found {count}"
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

/// The policies of a file as JSON.
fn policies(text: &str) -> Result<Vec<String>, SyntaxError> {
    let mut policies = Vec::new();
    for document in yaml::read(text)? {
        for found in find(&document.root) {
            match found.content {
                Content::Policy(node) => {
                    document.refuse(node)?;
                    policies.push(document.to_json(node));
                }
                Content::Text(node) => policies.extend(node.as_text().map(str::to_owned)),
                Content::OtherModule(_) => {}
                Content::Invalid { at, reason, .. } => return Err(SyntaxError::new(at, reason)),
            }
        }
    }
    Ok(policies)
}

fn compile(config: Config, environment: &Variables) -> Result<(Config, Policy), ConfigErrors> {
    let policy = Policy::compile(&config, environment)?;
    Ok((config, policy))
}

fn failure(path: &Path, errors: &ConfigErrors) -> Failure {
    let name = path.display();
    let lines: String = errors.iter().map(|error| format!("\n  {error}")).collect();
    Failure(format!(
        "{name} has errors (`postern check` prints their positions):{lines}"
    ))
}
