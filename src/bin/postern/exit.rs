//! How a verb ends.

use std::process::ExitCode;

/// The exit status of a verb.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitStatus {
    /// 0.
    Success,
    /// 1: a policy has errors, or a case isn't as expected.
    Failed,
    /// 2: a file can't be read, or holds no policy.
    Unusable,
}

impl From<ExitStatus> for ExitCode {
    fn from(status: ExitStatus) -> Self {
        Self::from(match status {
            ExitStatus::Success => 0,
            ExitStatus::Failed => 1,
            ExitStatus::Unusable => 2,
        })
    }
}

/// Why a verb can't do its work, as a message for the user. The exit status is 2.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);
