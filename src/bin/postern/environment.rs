//! The environment variables of the VM.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use base64ct::{Base64UrlUnpadded, Encoding as _};
use postern::policy::Environment;

/// Variables from the command line. Every other variable is assumed to be set, each to a value of its own. The value is good as
/// any secret: as text, as base64url, and as a key for the longest HMAC.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    given: BTreeMap<String, String>,
    system: System,
    assumed: RefCell<BTreeSet<String>>,
}

/// Whether the tool's own environment is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum System {
    #[default]
    Ignored,
    Read,
}

impl Variables {
    pub(crate) fn new(given: &[(String, String)]) -> Self {
        Self {
            given: given.iter().cloned().collect(),
            ..Self::default()
        }
    }

    /// The same; variables that aren't given are those of the tool's own environment.
    pub(crate) fn of_system(given: &[(String, String)]) -> Self {
        Self {
            system: System::Read,
            ..Self::new(given)
        }
    }

    /// The names of the variables that were read and aren't given, since the last call.
    pub(crate) fn take_assumed(&self) -> BTreeSet<String> {
        self.assumed.take()
    }
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        if let Some(value) = self.given.get(name) {
            return Some(value.clone());
        }
        if self.system == System::Read {
            let own = std::env::var_os(name);
            if let Some(value) = own.and_then(|value| value.into_string().ok()) {
                return Some(value);
            }
        }
        self.assumed.borrow_mut().insert(name.to_owned());
        let text = format!("the value of {name:.<64}");
        Some(Base64UrlUnpadded::encode_string(text.as_bytes()))
    }
}

/// Parses `NAME=VALUE`.
pub(crate) fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_assumed_value_is_good_as_any_secret() {
        let variables = Variables::new(&[("GIVEN".to_owned(), "x".to_owned())]);
        assert_eq!(variables.variable("GIVEN").unwrap(), "x");
        for name in ["A", "AB", "ABC", &"A".repeat(100)] {
            let value = variables.variable(name).unwrap();
            let bytes = Base64UrlUnpadded::decode_vec(&value).unwrap();
            assert!(bytes.len() >= 64 && value.len() >= 64, "{value}");
        }
        assert_ne!(variables.variable("A"), variables.variable("B"));
        assert_eq!(variables.take_assumed().len(), 5);
    }
}
