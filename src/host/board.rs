//! The board of the VMs: the host's shared data.

use crate::source::SharedData;

use super::abi::{self, Status};
use super::observer::EventLog;

/// Shared data, and where its failures are told.
#[derive(Debug)]
pub(super) struct SharedBoard<'a>(pub(super) &'a EventLog);

impl SharedData for SharedBoard<'_> {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        match abi::shared_data(key.as_bytes()) {
            Ok(found) => Some(found),
            Err(failure) => {
                if failure.status != Status::NOT_FOUND {
                    self.0.trouble(&failure);
                }
                None
            }
        }
    }

    fn write(&mut self, key: &str, value: &[u8], mark: Option<u32>) -> bool {
        // Zero is no mark that the host gives: it writes over whatever is there.
        match abi::set_shared_data(key.as_bytes(), value, mark.unwrap_or(0)) {
            Ok(()) => true,
            Err(failure) => {
                if failure.status != Status::CAS_MISMATCH {
                    self.0.trouble(&failure);
                }
                false
            }
        }
    }
}
