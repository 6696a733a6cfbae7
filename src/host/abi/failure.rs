//! Host calls that did not succeed.

use super::words::Status;

/// A host call that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{call} answered {status}", status = .status.0)]
pub struct Failure {
    /// The call's name in the ABI, as an operator allows or restricts it.
    pub call: &'static str,
    /// What it answered.
    pub status: Status,
}

/// What a status says of a call.
pub(super) fn check(call: &'static str, status: u32) -> Result<(), Failure> {
    match Status(status) {
        Status::OK => Ok(()),
        status => Err(Failure { call, status }),
    }
}
