//! The environment of the VM, as far as it is known here.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use postern::policy::Environment;

/// Variables that were given on the command line; all others are assumed to be set, to a value of their own each.
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

    /// Those that were asked for and are not known, since the last call.
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

/// Reads `NAME=VALUE`.
pub(crate) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
