//! What a watched source says, and is told.

use std::fmt;

use crate::http::Callout;
use crate::source::{Hash, SourceError, Version};
use crate::time::Timestamp;

use super::lease::Newest;

#[cfg(doc)]
use super::Watched;

/// Names what is watched among everything on the board: a hash of the source's whole definition and of what is made
/// of its documents. VMs that share it take each other's documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefinitionHash(pub [u8; 32]);

impl fmt::Display for DefinitionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

/// A new document that nobody has validated yet: in the end it goes to [`Watched::accept`] or to [`Watched::reject`], or
/// the machine ends too. Until then nothing else is fetched.
#[must_use]
pub struct Candidate {
    pub(super) text: Vec<u8>,
    pub(super) hash: Hash,
    pub(super) version: Version,
    pub(super) origin: DocumentOrigin,
}

/// Where a document is from.
#[derive(Clone, Copy, Debug)]
pub(super) enum DocumentOrigin {
    /// This VM fetched it, at this time. Says whether the board is to get it even where it is the one that is held.
    Fetched(Timestamp, SharedCopy),
    /// It is another VM's.
    Shared(Newest),
}

/// Whether the board has the document that is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SharedCopy {
    Good,
    Missing,
}

impl fmt::Debug for Candidate {
    /// Without the text: it may hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("bytes", &self.text.len())
            .field("hash", &self.hash)
            .field("origin", &self.origin)
            .finish_non_exhaustive()
    }
}

impl Candidate {
    /// Its text.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// The hash of its text.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

/// What is to be done after a tick.
#[derive(Debug)]
#[must_use]
pub enum Tick {
    /// Nothing.
    Idle,
    /// A document has come, from another VM: go on with [`Watched::advance`].
    Arrived,
    /// Send this, and give what comes of it to [`Watched::fetched`].
    Fetch(Callout),
}

/// What came of a fetch.
#[derive(Debug)]
#[must_use]
pub enum FetchOutcome {
    /// A document has come: go on with [`Watched::advance`].
    Arrived,
    /// The document that is held is still right.
    Unchanged,
    /// Nothing came of it; it was noted, and is tried again later.
    Failed(SourceError),
    /// Nobody waits for it any more: it was abandoned, or came too late.
    Ignored,
    /// The document takes one more callout: send this, and give what comes of it to [`Watched::fetched`] again.
    Send(Callout),
}

/// How far what has come was looked at.
#[derive(Debug)]
#[must_use]
pub enum Progress {
    /// Nothing has come, or it came to nothing.
    Idle,
    /// There is more to be done.
    Pending,
    /// It is a new document: validate it.
    New(Candidate),
    /// It is the document that is held.
    Unchanged,
    /// It is no good, as is known from before; it was noted, and is tried again later.
    Failed(SourceError),
}
