//! The last good document.

use crate::source::{Hash, Version};
use crate::time::Timestamp;

use super::lease::Newest;

/// The state of the last good document. Its view is kept elsewhere.
#[derive(Debug)]
pub(super) struct LastGood {
    pub(super) hash: Hash,
    pub(super) version: Version,
    /// When the source last confirmed it.
    pub(super) confirmed: Timestamp,
}

impl LastGood {
    pub(super) fn newest(&self) -> Newest {
        Newest {
            hash: self.hash,
            confirmed: self.confirmed,
        }
    }

    /// Takes over what the source confirmed to another VM.
    pub(super) fn confirm(&mut self, newest: Newest, now: Timestamp) {
        // A time in the future was written before the clock was put back.
        self.confirmed = self.confirmed.min(now);
        if self.hash == newest.hash && newest.confirmed <= now {
            self.confirmed = self.confirmed.max(newest.confirmed);
        }
    }
}
