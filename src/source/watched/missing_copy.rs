//! A document that is missing in shared data.

use std::time::Duration;

use crate::source::Hash;
use crate::time::Timestamp;

use super::lease::Lease;

/// The newest document by the lease, where shared data does not have it, or not whole. It may be about to be written.
/// After a while the VM that needs it fetches it, even if another VM has the lease, and publishes it again.
#[derive(Debug)]
pub(super) struct MissingCopy {
    pub(super) hash: Hash,
    patience_ends: Timestamp,
}

impl MissingCopy {
    /// The longest time to wait for the copy, without jitter.
    pub(super) const PATIENCE: Duration = Duration::from_secs(5);

    pub(super) fn new(hash: Hash, now: Timestamp, patience: Duration) -> Self {
        Self {
            hash,
            patience_ends: now.after(patience),
        }
    }

    /// Whether it is time to fetch it. Where fetches fail, this VM is not quicker than the VM that has the lease.
    pub(super) fn is_due(&self, lease: &Lease, now: Timestamp) -> bool {
        let ends = self.patience_ends;
        let furthest = now.after(Self::PATIENCE.saturating_mul(2));
        let is_over = ends <= now || ends > furthest;
        let is_newest = lease.newest.map(|newest| newest.hash) == Some(self.hash);
        is_over && is_newest && (lease.failures == 0 || lease.due <= now)
    }
}
