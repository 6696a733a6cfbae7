//! A callout for a document.

use std::time::Duration;

use crate::http::Callout;
use crate::time::Timestamp;

use super::GRACE;
use super::candidate::SharedCopy;

/// A callout under way.
#[derive(Debug)]
pub(super) struct Fetch {
    /// When it counts as lost.
    pub(super) deadline: Timestamp,
    /// How long it may take.
    pub(super) span: Duration,
    /// How many callouts there have been for this document, this one among them.
    pub(super) callouts: u8,
    /// Whether shared data has a good copy of the last good document. If it has none, it gets one after any reply.
    pub(super) shared_copy: SharedCopy,
}

impl Fetch {
    pub(super) fn new(
        callout: &Callout,
        callouts: u8,
        shared_copy: SharedCopy,
        now: Timestamp,
    ) -> Self {
        let span = callout.timeout.saturating_add(GRACE);
        Self {
            deadline: now.after(span),
            span,
            callouts,
            shared_copy,
        }
    }
}
