//! What a reply says of an entry.

use std::sync::Arc;

use crate::http::Callout;
use crate::source::{AnswerHeaders, SourceError, Version};
use crate::time::Timestamp;

use super::EntryAnswer;

/// An answer and its version.
#[derive(Clone, Debug)]
pub(super) struct Revision {
    pub(super) answer: Arc<EntryAnswer>,
    pub(super) weight: usize,
    pub(super) version: Version,
    /// When it ends by its own content; `None` if it doesn't.
    pub(super) expires: Option<Timestamp>,
}

/// Whether an answer is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    Remember,
    /// Only those get it who wait for it.
    Forget,
}

/// What a reply says of an entry.
pub(super) enum EntryReply {
    /// It takes one more callout.
    Send(Callout),
    /// This is its document.
    Found(Revision),
    /// The document that is held is still good. These header fields of it may have changed.
    Same(AnswerHeaders),
    /// There is none.
    Missing,
    /// It isn't known.
    Failed(SourceError),
}
