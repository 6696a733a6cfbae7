//! The data that the VMs share, as the sources use them.

use crate::source::SharedData;

use super::hostcalls::{Host, Status};
use super::log::EventLog;

/// The host's shared data. Failures go to the log.
#[derive(Debug)]
pub(super) struct HostSharedData<'a, H> {
    pub(super) host: &'a H,
    pub(super) log: &'a EventLog,
}

impl<H: Host> SharedData for HostSharedData<'_, H> {
    fn read(&mut self, key: &str) -> Option<(Vec<u8>, u32)> {
        match self.host.shared_data(key.as_bytes()) {
            Ok(found) => Some(found),
            Err(failure) => {
                if failure.status != Status::NOT_FOUND {
                    self.log.trouble(&failure);
                }
                None
            }
        }
    }

    fn write(&mut self, key: &str, value: &[u8], token: Option<u32>) -> bool {
        // No key has the token zero: with it the write is done whatever the key holds.
        let token = token.unwrap_or(0);
        match self.host.set_shared_data(key.as_bytes(), value, token) {
            Ok(()) => true,
            Err(failure) => {
                if failure.status != Status::CAS_MISMATCH {
                    self.log.trouble(&failure);
                }
                false
            }
        }
    }
}
