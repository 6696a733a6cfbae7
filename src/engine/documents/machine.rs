//! What keeps the document of a source.

use crate::source::{Hash, Watched};
use crate::time::Timestamp;

use super::merged::Merged;

/// What keeps the document of a watched source, or of one that is made of others.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "almost all are fetched")]
pub(in crate::engine) enum Machine {
    /// It is fetched.
    Fetched(Watched),
    /// It is made of other documents.
    Merged(Merged),
}

impl Machine {
    /// The last good document, and when it was last confirmed.
    pub(in crate::engine) fn last_good(&self) -> Option<(Hash, Timestamp)> {
        match self {
            Self::Fetched(watched) => watched.last_good(),
            Self::Merged(merged) => merged.last_good(),
        }
    }

    /// The machine that fetches; `None` where the document is made of others.
    pub(in crate::engine) const fn watched(&mut self) -> Option<&mut Watched> {
        match self {
            Self::Fetched(watched) => Some(watched),
            Self::Merged(_) => None,
        }
    }
}
