//! The inputs and outputs of a watched source.

use std::fmt;

use crate::http::Callout;
use crate::source::{Hash, SourceError, Version};
use crate::time::Timestamp;

use super::lease::Newest;

#[cfg(doc)]
use super::Watched;

/// Names a source in shared data: a hash of its whole definition and of what is made of its documents. VMs with the
/// same hash share documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct DefinitionHash(pub [u8; 32]);

impl fmt::Display for DefinitionHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hash(self.0).fmt(f)
    }
}

/// A new document that is not validated yet. Give it to [`Watched::accept`] or to [`Watched::reject`], or drop it with
/// the machine. Until then nothing else is fetched.
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
    /// This VM fetched it.
    Fetched {
        /// When.
        at: Timestamp,
        /// Where the copy is missing, shared data gets the document even if it is the last good one.
        shared_copy: SharedCopy,
        /// Whether the source says that it is older than the last good one.
        is_older: bool,
    },
    /// Another VM published it.
    Shared(Newest),
}

/// Whether shared data has the last good document.
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

    /// Whether this VM fetched it, and the source says that it is older than the last good one.
    #[must_use]
    pub const fn is_older(&self) -> bool {
        matches!(self.origin, DocumentOrigin::Fetched { is_older: true, .. })
    }

    /// The hash of its text.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

/// What to do after a tick.
#[derive(Debug)]
#[must_use]
pub enum Tick {
    /// There is nothing to do.
    Idle,
    /// A document of another VM has arrived: continue with [`Watched::advance`].
    Arrived,
    /// Send this, and give the result to [`Watched::fetched`].
    Fetch(Callout),
}

/// The result of a callout.
#[derive(Debug)]
#[must_use]
pub enum FetchOutcome {
    /// A document has arrived: continue with [`Watched::advance`].
    Arrived,
    /// The last good document is confirmed.
    Unchanged,
    /// The fetch failed; the machine has noted that and tries again later.
    Failed(SourceError),
    /// It is not needed any more: the callout was abandoned, or the reply came too late.
    Ignored,
    /// The document takes one more callout: send this, and give the result to [`Watched::fetched`] again.
    Send(Callout),
}

/// How far the document that has arrived is.
#[derive(Debug)]
#[must_use]
pub enum Progress {
    /// There is none, or it was not usable.
    Idle,
    /// There is more to do.
    Pending,
    /// It is a new document: validate it.
    New(Candidate),
    /// It is the last good document.
    Unchanged,
    /// It was rejected before; the machine has noted the failure and tries again later.
    Failed(SourceError),
}
