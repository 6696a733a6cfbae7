//! What is wrong with a policy, all of it at once.

use std::fmt;

use crate::hash::Set;

/// One thing that is wrong with what was written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ConfigError {
    /// Where: `routes[2].match[0].path`, as in JSONPath without the `$.`; empty for the whole document.
    pub path: String,
    /// What is wrong: lower case, no final period, never a secret.
    pub reason: String,
    /// What would be right, where that can be told.
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

/// Something that is taken otherwise than it was written, and is no error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// A word for its kind: letters and `-`, stable.
    pub rule: &'static str,
    /// Where, as in [`ConfigError::path`].
    pub path: String,
    /// What is taken how: lower case, no final period, never a secret.
    pub reason: String,
    /// What would be better.
    pub suggestion: String,
}

/// Everything that is wrong, in the order of the document. Never empty where it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq, thiserror::Error)]
pub struct ConfigErrors {
    errors: Vec<ConfigError>,
    /// What was noticed beside them. Notices alone are no error.
    notices: Vec<Notice>,
    most: Most,
}

/// How many errors, and how many notices, are noted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Most {
    #[default]
    All,
    First(usize),
}

impl ConfigErrors {
    /// Notes the first `most` errors, one at least, and lets the others go.
    #[must_use]
    pub(crate) const fn first(most: usize) -> Self {
        Self {
            errors: Vec::new(),
            notices: Vec::new(),
            most: Most::First(most),
        }
    }

    /// Whether further errors aren't noted.
    pub(super) fn is_full(&self) -> bool {
        match self.most {
            Most::All => false,
            Most::First(most) => !self.errors.is_empty() && self.errors.len() >= most,
        }
    }

    /// Notes that `path` is wrong for `reason`.
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

    /// Notes an error, and what would be right.
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

    /// Notes something that is no error.
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

    /// What was noticed beside the errors.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// What was noticed, for whoever keeps it where there is no error.
    pub(crate) fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Puts `others` behind these, as far as there is room.
    pub fn append(&mut self, mut others: Self) {
        self.errors.append(&mut others.errors);
        self.notices.append(&mut others.notices);
        if let Most::First(most) = self.most {
            self.errors.truncate(most.max(1));
            self.notices.truncate(most);
        }
    }

    /// Puts `others` behind these, but for those at a place that is wrong already.
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

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// Puts others among these, after the first `place`.
    pub(super) fn insert(&mut self, place: usize, others: &Self) {
        let place = place.min(self.errors.len());
        self.errors
            .splice(place..place, others.errors.iter().cloned());
    }

    /// What was decoded, unless something is wrong.
    pub(super) fn decoded<T>(mut self, value: Option<T>) -> Result<T, Self> {
        if let (Some(value), true) = (value, self.is_empty()) {
            return Ok(value);
        }
        if self.is_empty() {
            self.push("", "not a policy");
        }
        Err(self)
    }

    /// The value, unless something is wrong.
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
