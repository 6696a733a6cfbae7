//! Host calls that did not succeed.

use std::fmt;

use super::words::Status;

/// A host call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The call's name in the ABI, as an operator allows or restricts it.
    pub call: &'static str,
    /// What it answered.
    pub status: Status,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} answered {}", self.call, self.status.0)
    }
}

impl std::error::Error for Failure {}

/// What a status says of a call.
pub(super) fn check(call: &'static str, status: u32) -> Result<(), Failure> {
    match Status(status) {
        Status::OK => Ok(()),
        status => Err(Failure { call, status }),
    }
}
