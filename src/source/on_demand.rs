//! A source that is asked by key.

use std::rc::Rc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Reply};
use crate::time::Timestamp;

use super::{Document, Fetcher, SourceError};

/// What bounds a source on demand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a document is fresh.
    pub ttl: Duration,
    /// How long it is remembered that a key has no document.
    pub miss_ttl: Duration,
    /// How long a document may be used after the source last confirmed it, while a newer one is fetched or cannot be had.
    pub stale_for: Duration,
    /// The most callouts under way.
    pub max_in_flight: usize,
    /// The longest key, in bytes.
    pub max_key_bytes: usize,
    /// The most documents that are remembered, and the most keys without one.
    pub max_entries: usize,
    /// The most bytes of documents (of their text) that are remembered.
    pub max_bytes: usize,
}

/// Why a key isn't asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Too many callouts are under way.
    TooManyInFlight,
    /// The key is longer than `max_key_bytes`.
    KeyTooLong,
    /// The key holds a control byte, or would be an empty or a dot segment.
    UnfitKey,
}

/// What is known of a key.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Answer {
    /// Its document.
    Fresh(Rc<Document>),
    /// The source has none.
    Missing,
    /// Its document, older than `ttl`; a callout to be sent, unless one is under way or there is no use in it now.
    Stale(Rc<Document>, Option<Callout>),
    /// A callout for it is under way.
    Pending,
    /// Send this, and give what comes of it to [`OnDemand::fetched`].
    Start(Callout),
    /// The source failed a moment ago.
    Failed(SourceError),
    /// It isn't asked for, and nothing is known.
    Refused(Refusal),
}

/// What came of a callout.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub enum Settled {
    /// The key's document.
    Found(Rc<Document>),
    /// The source has none.
    Missing,
    /// No usable answer; where an older document is still usable, it is what [`OnDemand::ask`] goes on giving.
    Failed(SourceError),
    /// Nobody waited for it any more.
    Ignored,
}

/// What one VM knows of one source on demand.
#[derive(Debug)]
pub struct OnDemand {}

impl OnDemand {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(_fetcher: Rc<Fetcher>, _limits: Limits) -> Self {
        Self {}
    }

    /// What is known of `key`, and what is to be done about it.
    pub fn ask(&mut self, _key: &[u8], _now: Timestamp) -> Answer {
        Answer::Pending
    }

    /// What came of the callout for `key`.
    pub fn fetched(
        &mut self,
        _key: &[u8],
        _result: Result<Reply, CalloutError>,
        _now: Timestamp,
    ) -> Settled {
        Settled::Ignored
    }

    /// The callout for `key` will never be answered: its sender is gone.
    pub fn abandon(&mut self, _key: &[u8]) {}

    /// How many callouts are under way.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        0
    }

    /// How many documents are remembered.
    #[must_use]
    pub fn documents(&self) -> usize {
        0
    }
}
