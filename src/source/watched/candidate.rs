//! What a watched source says, and is told.

use std::fmt;
use std::rc::Rc;

use crate::http::Callout;
use crate::source::fetcher::Validator;
use crate::source::{Document, Hash, SourceError};
use crate::time::Timestamp;

#[cfg(doc)]
use super::Watched;

/// Names what is watched among everything on the board: a hash of the source's whole definition and of what is made
/// of its documents. VMs that share it take each other's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Identity(pub [u8; 32]);

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

/// A new document that nobody has validated yet: it goes to [`Watched::accept`] or to [`Watched::reject`], at once.
#[derive(Debug)]
#[must_use]
pub struct Candidate {
    pub(super) document: Rc<Document>,
    pub(super) validator: Validator,
    pub(super) origin: Origin,
}

pub(super) enum Origin {
    /// This VM fetched it; these are the bytes for the board.
    Fetched(Vec<u8>),
    /// Another VM's, confirmed by the source at this time.
    Board(Timestamp),
}

impl fmt::Debug for Origin {
    /// Without the bytes: they may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetched(body) => f.debug_tuple("Fetched").field(&body.len()).finish(),
            Self::Board(confirmed) => f.debug_tuple("Board").field(confirmed).finish(),
        }
    }
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
    /// Nobody waits for it any more: it was abandoned, or came too late.
    Ignored,
}
