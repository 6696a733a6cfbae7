//! Findings.

use crate::yaml::{DuplicateKey, Position};

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The filter refuses the policy.
    Error,
    /// The filter takes the policy, but it probably doesn't do what its author wants.
    Warning,
    /// For information.
    Note,
}

impl Level {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A finding in a policy, wherever the policy is.
#[derive(Clone, Debug)]
pub(super) struct Issue {
    pub(super) level: Level,
    /// The ID of the rule. It is stable, and machines can rely on it.
    pub(super) rule: &'static str,
    /// A path in the policy, as the filter's errors write it. Empty for the whole policy.
    pub(super) path: String,
    /// Which entry the path means if a key is there twice.
    pub(super) duplicate_key: DuplicateKey,
    pub(super) reason: String,
    pub(super) suggestion: Option<String>,
}

/// An issue with its position in a file.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) file: String,
    pub(super) at: Position,
    /// The resource that holds the policy. Empty for a plain policy.
    pub(super) wrapper: String,
    pub(super) issue: Issue,
}
