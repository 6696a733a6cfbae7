//! What a source on demand is asked within, and what it answers.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::http::Callout;
use crate::source::{ReadRefusal, SourceError};
use crate::time::Timestamp;

use super::EntryAnswer;

/// The limits of a source on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a document is fresh.
    pub ttl: Duration,
    /// How long it is remembered that a key has no document.
    pub miss_ttl: Duration,
    /// How long a document may be used after the source last confirmed it, while a newer one is fetched or cannot be had.
    /// It has no effect if it is shorter than `ttl`.
    pub stale_for: Duration,
    /// The most callouts under way.
    pub max_in_flight: usize,
    /// The longest key, in bytes.
    pub max_key_bytes: usize,
    /// The most documents that are remembered, and the most keys without one.
    pub max_entries: usize,
    /// The most memory of the documents that are remembered, in bytes: the sum of their [`weight()`](crate::source::weight()), keys and
    /// versions. The keys without a document may take a quarter of it.
    pub max_bytes: usize,
}

/// The state of an entry.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum EntryState {
    /// Its document, and until when it is fresh.
    Fresh(Arc<EntryAnswer>, Timestamp),
    /// The source has none.
    Missing,
    /// Its document, older than `ttl`, of a source that is asked again meanwhile; and a callout to send (see
    /// [`Start`](EntryState::Start)), unless one is under way, or too many are, or the last one failed a moment ago.
    Stale(Arc<EntryAnswer>, Option<Callout>),
    /// A callout for it is under way.
    Pending,
    /// A callout for this other key is under way, and gets a login that this entry needs too: ask again when that has ended.
    LoggingIn(Rc<[u8]>),
    /// Send this, and give the result to [`OnDemand::fetched`](super::OnDemand::fetched).
    Start(Callout),
    /// The source failed a moment ago, and there is no older document, or one that is good in
    /// [an emergency](super::OnDemand::last_resort) only.
    Failed(SourceError),
    /// It is unknown, and no callout for it is under way.
    Refused(ReadRefusal),
}

/// How long a document may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// When the source last confirmed it.
    pub confirmed: Timestamp,
    /// When it ends by its own content, however fresh it is; `None` if it doesn't.
    pub expires: Option<Timestamp>,
}

impl Lifetime {
    /// Whether it has ended by its own content.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires.is_some_and(|expires| now >= expires)
    }

    /// The end of its use, where it may be used for so long after it was confirmed.
    #[must_use]
    pub fn until(&self, span: Duration) -> Timestamp {
        let end = self.confirmed.after(span);
        self.expires.map_or(end, |expires| expires.min(end))
    }
}

/// The result of a callout.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum ReadResult {
    /// The key's document. How long it is fresh depends on the limits of each who waited for it.
    Found(Arc<EntryAnswer>, Lifetime),
    /// The source has none.
    Missing,
    /// The entry takes one more callout: send this, and give its result to [`OnDemand::fetched`](super::OnDemand::fetched) too.
    Send(Callout),
    /// There is no usable answer. An older document may still be usable: ask again.
    Failed(SourceError),
    /// It is not needed any more.
    Ignored,
}
