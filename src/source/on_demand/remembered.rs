//! What is remembered of the entries of a source.

use std::sync::Arc;
use std::time::Duration;

use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::{EntryAnswer, Lifetime};

/// An answer that is remembered.
#[derive(Debug)]
pub(super) struct CachedAnswer {
    pub(super) answer: Arc<EntryAnswer>,
    /// How much memory the answer takes.
    pub(super) weight: usize,
    pub(super) version: Version,
    pub(super) lifetime: Lifetime,
    /// When the last refresh failed, if it is the newest event.
    pub(super) failed: Option<Timestamp>,
}

/// A key without a document: why, and since when that is known.
#[derive(Debug)]
pub(super) struct NegativeEntry {
    pub(super) error: Option<SourceError>,
    pub(super) since: Timestamp,
}

impl CachedAnswer {
    /// How old it is, if it hasn't ended.
    pub(super) fn age(&mut self, now: Timestamp) -> Option<Duration> {
        let is_over = self.lifetime.is_over(now);
        (!is_over).then(|| age(&mut self.lifetime.confirmed, now))
    }
}

/// How long ago `moment` was. A time in the future was noted before the clock was put back: it counts from now.
pub(super) fn age(moment: &mut Timestamp, now: Timestamp) -> Duration {
    *moment = (*moment).min(now);
    now.since(*moment)
}
