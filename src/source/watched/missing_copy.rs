//! A document that the board should have and hasn't.

use std::time::Duration;

use crate::source::Hash;
use crate::time::Timestamp;

use super::lease::Lease;

/// What the lease names as the newest document, where the board has it not, or not whole. It may be on its way; after a
/// while the VM that needs it fetches for itself, whoever has the lease, and publishes it again.
#[derive(Debug)]
pub(super) struct MissingCopy {
    pub(super) hash: Hash,
    patience_ends: Timestamp,
}

impl MissingCopy {
    /// The longest patience, jitter not included.
    pub(super) const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) fn new(hash: Hash, now: Timestamp, patience: Duration) -> Self {
        Self {
            hash,
            patience_ends: now.after(patience),
        }
    }

    /// Whether it is time to fetch it. Where fetches fail it is no use to be quicker than the VM that has the lease.
    pub(super) fn is_due(&self, lease: &Lease, now: Timestamp) -> bool {
        let ends = self.patience_ends;
        let furthest = now.after(Self::PATIENCE.saturating_mul(2));
        let is_over = ends <= now || ends > furthest;
        let is_newest = lease.newest.map(|newest| newest.hash) == Some(self.hash);
        is_over && is_newest && (lease.failures == 0 || lease.due <= now)
    }
}
