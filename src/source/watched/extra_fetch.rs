//! A fetch beside the schedule, because an exchange needs something that the document doesn't have yet.

use std::time::Duration;

use crate::time::Timestamp;

use super::arrival::Stage;
use super::lease::{Lease, Newest};
use super::{GRACE, Watched};

/// What one VM knows of extra fetches. Clients can cause them, so the lease counts them for all VMs of an Envoy.
#[derive(Debug, Default)]
pub(super) struct ExtraFetch {
    /// That one is wanted, and the interval.
    wish: Option<Duration>,
    /// When the last one began in any VM, by the newest lease that is known here.
    began: Timestamp,
    /// Whether there is more to come, as of the last tick: another VM was fetching, a fetch was due that no other VM
    /// will begin, or the newest document could not be read yet.
    is_pending: bool,
}

impl ExtraFetch {
    /// This VM has begun a fetch, which answers all wishes.
    pub(super) const fn begun(lease: &Lease) -> Self {
        Self {
            wish: None,
            began: lease.extra,
            is_pending: false,
        }
    }

    /// A fetch was abandoned, so one is due.
    pub(super) const fn begin_again(&mut self) {
        self.is_pending = true;
    }

    /// Whether one has to begin now.
    pub(super) const fn is_wanted(&self) -> bool {
        self.wish.is_some()
    }

    fn is_known(&self, interval: Duration, now: Timestamp) -> bool {
        if self.began == Timestamp::default() {
            return false;
        }
        // Another VM may have read the clock a moment later. A time further ahead was written before the clock was put
        // back.
        let ahead = self.began.since(now);
        now.since(self.began) < interval && ahead < GRACE.min(interval)
    }
}

impl Watched {
    /// An exchange needs something that the document doesn't have: it wants the document to be fetched now. Returns
    /// whether it has to wait until [`is_settled`](Self::is_settled), to ask again then.
    ///
    /// False: an extra fetch has begun less than `interval` ago in some VM of the Envoy, and nothing more is to come. So
    /// the document is as new as it can be.
    pub fn want_refetch(&mut self, interval: Duration, now: Timestamp) -> bool {
        if let Some(wish) = &mut self.extra.wish {
            *wish = interval.min(*wish);
            return true;
        }
        if !self.is_settled() {
            return true;
        }
        let is_known = self.extra.is_known(interval, now);
        if !is_known {
            self.extra.wish = Some(interval);
        }
        !is_known
    }

    /// The longest time that one callout for the document may take.
    #[must_use]
    pub fn longest_callout(&self) -> Duration {
        self.protocol.longest_callout()
    }

    /// Whether nothing more is to come for now: no extra fetch is wanted, no fetch is under way in this VM or, as of the
    /// last tick, in another one, and no document has to be read.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        let is_idle = self.fetch.is_none() && matches!(self.stage, Stage::Idle);
        is_idle && !self.extra.is_wanted() && !self.extra.is_pending
    }

    /// Notes the fetches of other VMs. A fetch that is under way answers a wish, and so does an extra fetch a short while
    /// ago.
    pub(super) fn note_fetches(&mut self, lease: &Lease, now: Timestamp) {
        self.extra.began = lease.extra;
        let is_of_another = lease.is_of_another(self.vm, now, self.horizon(lease));
        let is_fetching = lease.is_fetching && is_of_another;
        if let Some(interval) = self.extra.wish {
            if is_fetching || self.extra.is_known(interval, now) {
                self.extra.wish = None;
            }
        }
        // It stays due while this VM reads what it has fetched.
        let is_due = lease.due <= now && !is_of_another && !self.stage.is_fetched();
        self.extra.is_pending = is_fetching || is_due;
    }

    /// Notes whether the newest document is another one than that which is being read.
    pub(super) fn note_unread(&mut self, lease: &Lease) {
        let known = self.last_good.as_ref().map(|last_good| last_good.hash);
        let known = self.stage.shared().or(known);
        let newest = lease.newest.map(|newest| newest.hash);
        self.extra.is_pending |= newest.is_some() && newest != known;
    }

    /// Notes that the newest document can't be read yet.
    pub(super) fn note_missing_copy(&mut self, newest: Newest) {
        let missing = self.missing_copy.as_ref();
        self.extra.is_pending |= missing.is_some_and(|copy| copy.hash == newest.hash);
    }
}
