//! What a reply says of an entry.

use std::sync::Arc;

use crate::http::Callout;
use crate::source::{Document, SourceError, Version};
use crate::time::Timestamp;

/// A document and its version.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) document: Arc<Document>,
    pub(super) weight: usize,
    pub(super) version: Version,
    /// When it ends by its own content; `None` if it doesn't.
    pub(super) expires: Option<Timestamp>,
}

/// What a reply says of an entry.
pub(super) enum EntryReply {
    /// It takes one more callout.
    Send(Callout),
    /// This is its document.
    Found(Revision),
    /// The document that is held is still good.
    Same,
    /// There is none.
    Missing,
    /// It isn't known.
    Failed(SourceError),
}
