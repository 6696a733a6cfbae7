//! Secrets from the environment of the VM.

use crate::config::{self, ConfigErrors, Path, unfit};
use crate::secret::Secret;

/// The environment of the VM, for `{env: NAME}`.
pub trait Environment {
    /// The variable's value, where it is set.
    fn variable(&self, name: &str) -> Option<String>;
}

/// A function from a variable's name to its value is an environment.
impl<F: Fn(&str) -> Option<String>> Environment for F {
    fn variable(&self, name: &str) -> Option<String> {
        self(name)
    }
}

/// The value of an environment variable, which has to be valid where the policy names the variable. One line end at its
/// end is no part of it: a Secret that was made with `echo` has one.
pub(super) fn variable(
    environment: Option<&dyn Environment>,
    name: &str,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    let set = environment.and_then(|environment| environment.variable(name));
    let Some(mut value) = set else {
        let reason = format!("the environment variable `{name}` is not set, or is no UTF-8");
        errors.suggest(path, reason, "pass it to the VM (`environment_variables`)");
        return None;
    };
    let line = without_line_end(&value).len();
    let has_line_end = line < value.len();
    value.truncate(line);
    if let Some(reason) = unfit(&value) {
        let reason = format!("the value of the environment variable `{name}` {reason}");
        errors.suggest(path, reason, "see how it gets into the VM's environment");
        return None;
    }
    if has_line_end {
        let reason = format!(
            "the value of the environment variable `{name}` ends with a line end, which is taken off"
        );
        let suggestion = "make the secret without one: `printf`, not `echo`";
        errors.notice("line-end", path, reason, suggestion);
    }
    Some(Secret::new(value.into_bytes()))
}

fn without_line_end(value: &str) -> &str {
    let line = value.strip_suffix('\n');
    line.map_or(value, |line| line.strip_suffix('\r').unwrap_or(line))
}

/// A secret that is written as text or as the name of a variable.
pub(super) fn secret(
    written: &config::TextOrEnv,
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    match written {
        config::TextOrEnv::Text(secret) => Some(secret.clone()),
        config::TextOrEnv::Env(name) => variable(Some(environment), name, path, errors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        for (value, read, notices) in [
            ("k", Some("k"), 0),
            (" k ", Some(" k "), 0),
            ("k\n", Some("k"), 1),
            ("k\r\n", Some("k"), 1),
            ("k\r", None, 0),
            ("k\n\n", None, 0),
            ("\nk", None, 0),
            ("hunter2\nk\n", None, 0),
            ("hunter2\u{0}", None, 0),
            ("hunter2\t", None, 0),
            ("hunter2\u{85}", None, 0),
            ("\n", None, 0),
            ("", None, 0),
        ] {
            let mut errors = ConfigErrors::default();
            let environment = |_: &str| Some(value.to_owned());
            let found = variable(Some(&environment), "NAME", &Path::Root, &mut errors);
            let found = found.as_ref().map(|secret| secret.expose());
            assert_eq!(found, read.map(str::as_bytes), "{value:?}");
            assert_eq!(errors.is_empty(), read.is_some(), "{value:?}");
            assert_eq!(errors.notices().len(), notices, "{value:?}");
            assert!(!format!("{errors:?}").contains("hunter2"), "{errors}");
        }
    }
}
