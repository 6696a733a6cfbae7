//! What is wrong with a policy, all of it at once.

use std::fmt;

/// One thing that is wrong with what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
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

impl std::error::Error for ConfigError {}

/// Everything that is wrong, in the order of the document. Never empty where it is an error.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// Notes that `path` is wrong for `reason`.
    pub fn push(&mut self, path: impl Into<String>, reason: impl Into<String>) {
        self.0.push(ConfigError {
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
        let suggestion = Some(suggestion.into());
        self.0.push(ConfigError {
            path: path.into(),
            reason: reason.into(),
            suggestion,
        });
    }

    /// Puts `others` behind these.
    pub fn append(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// The errors.
    pub fn iter(&self) -> std::slice::Iter<'_, ConfigError> {
        self.0.iter()
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts others among these, after the first `place`.
    pub(super) fn insert(&mut self, place: usize, others: &Self) {
        let place = place.min(self.0.len());
        self.0.splice(place..place, others.0.iter().cloned());
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
        if self.0.is_empty() {
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
        self.0.iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, error) in self.0.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigErrors {}
