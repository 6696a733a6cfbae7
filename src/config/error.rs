//! The errors of a config, collected.

use std::fmt;

use crate::hash::Set;

/// An error in the config.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// The path of the value: `routes[2].match[0].path`, as in JSONPath without the `$.`; empty for the whole document.
    pub path: String,
    /// The error message: lower case, no final period, without secrets.
    pub reason: String,
    /// A correction, if one is known.
    pub suggestion: Option<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() {
            "policy"
        } else {
            &self.path
        };
        write!(f, "{path}: {}", self.reason)?;
        match &self.suggestion {
            Some(suggestion) => write!(f, " ({suggestion})"),
            None => Ok(()),
        }
    }
}

/// A warning: the policy is valid, but a value has another effect than its text suggests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The stable name of the rule: letters and `-`.
    pub rule: &'static str,
    /// The path of the value, as in [`ConfigError::path`].
    pub path: String,
    /// The message: lower case, no final period, without secrets.
    pub reason: String,
    /// A better value.
    pub suggestion: String,
}

/// All errors, in the order of the document. A returned `Err` is never empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    /// Warnings. They alone are not an error.
    notices: Vec<Notice>,
    most: Most,
}

/// The maximum number of errors, and of notices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Most {
    #[default]
    All,
    First(usize),
}

impl ConfigErrors {
    /// A list that keeps the first `most` errors (at least one) and drops the others.
    #[must_use]
    pub(crate) const fn first(most: usize) -> Self {
        Self {
            errors: Vec::new(),
            notices: Vec::new(),
            most: Most::First(most),
        }
    }

    /// Whether the list is full.
    pub(super) fn is_full(&self) -> bool {
        match self.most {
            Most::All => false,
            Most::First(most) => !self.errors.is_empty() && self.errors.len() >= most,
        }
    }

    /// Adds an error at `path`.
    pub fn push(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        if self.is_full() {
            return;
        }
        self.errors.push(ConfigError {
            path: path.into(),
            reason: reason.into(),
            suggestion: None,
        });
    }

    /// Adds an error with a correction.
    pub fn suggest(
        &mut self,
        path: impl Into<String>,
        reason: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        if self.is_full() {
            return;
        }
        let suggestion = Some(suggestion.into());
        self.errors.push(ConfigError {
            path: path.into(),
            reason: reason.into(),
            suggestion,
        });
    }

    /// Adds a notice.
    pub(crate) fn notice(
        &mut self,
        rule: &'static str,
        path: impl Into<String>,
        reason: impl Into<String>,
        suggestion: impl Into<String>,
    ) {
        if matches!(self.most, Most::First(most) if self.notices.len() >= most) {
            return;
        }
        self.notices.push(Notice {
            rule,
            path: path.into(),
            reason: reason.into(),
            suggestion: suggestion.into(),
        });
    }

    /// The notices.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The notices, by value.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Appends `others`, as far as there is room.
    pub fn append(&mut self, mut others: Self) {
        self.errors.append(&mut others.errors);
        self.notices.append(&mut others.notices);
        if let Most::First(most) = self.most {
            self.errors.truncate(most.max(1));
            self.notices.truncate(most);
        }
    }

    /// Appends `others`, except those at a path that has an error already.
    pub fn append_beside(&mut self, others: Self) {
        let known: Set<&str> = self.errors.iter().map(|error| &*error.path).collect();
        let is_new = |error: &ConfigError| !known.contains(&*error.path);
        let mut new: Vec<_> = others.errors.into_iter().filter(is_new).collect();
        self.errors.append(&mut new);
    }

    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.errors.iter()
    }

    /// Whether there are no errors.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Inserts `others` after the first `count` errors.
    pub(super) fn insert(&mut self, count: usize, others: &Self) {
        let at = count.min(self.errors.len());
        self.errors.splice(at..at, others.errors.iter().cloned());
    }

    /// The decoded value, or the errors.
    pub(super) fn decoded<T>(mut self, value: Option<T>) -> Result<T, Self> {
        if let (Some(value), true) = (value, self.is_empty()) {
            return Ok(value);
        }
        if self.is_empty() {
            self.push("", "not a policy");
        }
        Err(self)
    }

    /// The value, or the errors.
    ///
    /// # Errors
    /// These errors, where there are any.
    pub fn or<T>(self, value: T) -> Result<T, Self> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl<'a> IntoIterator for &'a ConfigErrors {
    type Item = &'a ConfigError;
    type IntoIter = std::slice::Iter<'a, ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.errors.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
