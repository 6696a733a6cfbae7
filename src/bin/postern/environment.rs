//! The environment variables of the VM.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use postern::policy::Environment;

/// Variables from the command line. Every other variable is assumed to be set, each to a value of its own.
#[derive(Debug, Default)]
pub(crate) struct Variables {
    given: BTreeMap<String, String>,
    assumed: RefCell<BTreeSet<String>>,
}

impl Variables {
    pub(crate) fn new(given: &[(String, String)]) -> Self {
        Self {
            given: given.iter().cloned().collect(),
            assumed: RefCell::default(),
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
        self.assumed.borrow_mut().insert(name.to_owned());
        Some(format!("the value of {name}"))
    }
}

/// Parses `NAME=VALUE`.
pub(crate) fn parse_variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
