//! A source that is kept fresh: one VM fetches for all.

use std::rc::Rc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Reply};
use crate::time::Timestamp;

use super::fetcher::Validator;
use super::{Board, Document, Fetcher, SourceError};

/// Names what is watched among everything on the board: a hash of the source's whole definition and of what is made
/// of its documents. VMs that share it take each other's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(pub [u8; 32]);

/// How fresh a document is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often the source is asked; a tenth more or less each time.
    pub refresh: Duration,
    /// How long a document may be used after the source last confirmed it.
    pub stale_for: Duration,
}

/// A new document that nobody has validated yet: it goes to [`Watched::accept`] or to [`Watched::reject`], at once.
#[derive(Debug)]
#[must_use]
pub struct Candidate {
    document: Rc<Document>,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    /// This VM fetched it: the bytes go to the board.
    Fetched { body: Vec<u8>, validator: Validator },
    /// Another VM's.
    Board {
        confirmed: Timestamp,
        validator: Validator,
    },
}

impl Candidate {
    /// The document.
    #[must_use]
    pub const fn document(&self) -> &Rc<Document> {
        &self.document
    }
}

/// What is to be done after a tick.
#[derive(Debug)]
#[must_use]
pub enum Tick {
    /// Nothing.
    Idle,
    /// Another VM has a newer document: validate it.
    Adopt(Candidate),
    /// Send this, and give what comes of it to [`Watched::fetched`].
    Fetch(Callout),
}

/// What came of a fetch.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// A new document: validate it.
    New(Candidate),
    /// The document that is held is still right.
    Unchanged,
    /// Nothing came of it; it was noted, and is tried again later.
    Failed(SourceError),
    /// Nobody waited for it any more: it was abandoned, or came too late.
    Ignored,
}

/// One watched source in one VM.
#[derive(Debug)]
pub struct Watched {}

impl Watched {
    /// A source without a document. `vm` names this VM among those that share the board (drawn at random, not zero).
    #[must_use]
    pub fn new(_fetcher: Rc<Fetcher>, _schedule: Schedule, _identity: Identity, _vm: u64) -> Self {
        Self {}
    }

    /// Looks at the board; to be called every 100 to 250 ms.
    pub fn tick(&mut self, _now: Timestamp, _board: &mut dyn Board) -> Tick {
        Tick::Idle
    }

    /// What came of the callout of [`Tick::Fetch`].
    pub fn fetched(
        &mut self,
        _now: Timestamp,
        _board: &mut dyn Board,
        _result: Result<Reply, CalloutError>,
    ) -> Outcome {
        Outcome::Ignored
    }

    /// The candidate is good: it becomes the last good document, and the other VMs may have it.
    pub fn accept(&mut self, _candidate: Candidate, _now: Timestamp, _board: &mut dyn Board) {}

    /// The candidate is no good, for `error`: the last good document stays.
    pub fn reject(
        &mut self,
        _candidate: Candidate,
        _error: SourceError,
        _now: Timestamp,
        _board: &mut dyn Board,
    ) {
    }

    /// The last good document, unless it is older than `stale_for`.
    #[must_use]
    pub fn usable(&self, _now: Timestamp) -> Option<&Rc<Document>> {
        None
    }

    /// Why there is no newer document, where the last attempt of this VM failed.
    #[must_use]
    pub fn trouble(&self) -> Option<&SourceError> {
        None
    }

    /// Whether a callout of this VM is under way.
    #[must_use]
    pub fn is_fetching(&self) -> bool {
        false
    }

    /// The callout under way will never be answered (its sender is gone): another VM, or this one, may fetch at the next
    /// tick.
    pub fn abandon(&mut self, _now: Timestamp, _board: &mut dyn Board) {}

    /// Nobody here uses the source any more: what this VM holds on the board for it is given up.
    pub fn close(self, _now: Timestamp, _board: &mut dyn Board) {}
}
