//! Policies that must not compile.

use crate::case::{CaseFile, Refused, files, json_of};
use crate::corpus::say;

/// The runner that takes only a few invalid policies, because each needs a start of Envoy.
pub(crate) const ENVOY: &str = "envoy";

/// Runs every invalid policy through `errors`. It returns the policy's errors, one line each (`path: reason (suggestion)`),
/// and no line if the policy compiles.
pub(crate) fn run(runner: &str, errors: impl Fn(&str, &CaseFile) -> Vec<String>) {
    let mut failures = Vec::new();
    let mut count = 0_usize;
    for file in files() {
        let wanted = |refused: &&Refused| runner != ENVOY || refused.envoy;
        for refused in file.refused.iter().filter(wanted) {
            count = count.saturating_add(1);
            let found = json(refused).and_then(|json| check(refused, &errors(&json, &file)));
            if let Err(error) = found {
                failures.push(format!("{}: {}\n    {error}", file.stem, refused.name));
            }
        }
    }
    say(&format!(
        "{runner}: {count} invalid policies, {} failures",
        failures.len()
    ));
    assert!(count > 0, "no invalid policy was run");
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

fn json(refused: &Refused) -> Result<String, String> {
    match (&refused.policy, &refused.json) {
        (Some(yaml), None) => json_of(yaml),
        (None, Some(json)) => Ok(json.clone()),
        _ => Err("the case needs exactly one of `policy` and `json`".into()),
    }
}

fn check(refused: &Refused, errors: &[String]) -> Result<(), String> {
    if errors.is_empty() {
        return Err("the policy compiles".into());
    }
    let all = errors.join("\n    ");
    let mut left: Vec<_> = errors.iter().collect();
    for expected in &refused.errors {
        let path = match expected.path.as_str() {
            "" => "policy",
            path => path,
        };
        let fits = |error: &&String| {
            let reason = error
                .strip_prefix(path)
                .and_then(|rest| rest.strip_prefix(": "));
            reason.is_some_and(|reason| reason.contains(&expected.says))
        };
        let Some(at) = left.iter().position(fits) else {
            let says = &expected.says;
            return Err(format!(
                "no error at {path} has the text {says:?}; the errors are:\n    {all}"
            ));
        };
        left.remove(at);
        if let Some(secret) = expected
            .never
            .as_ref()
            .filter(|secret| all.contains(*secret))
        {
            return Err(format!("an error has the text {secret:?}:\n    {all}"));
        }
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(format!("there are more errors than expected:\n    {all}"))
}
