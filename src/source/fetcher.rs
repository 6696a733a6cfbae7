//! The protocols that a source may speak.

use std::fmt;
use std::time::Duration;

use crate::http::{Callout, Reply};

use super::{HttpSource, SourceError};

/// What lets a source say "unchanged" (RFC 9110 §8.8). Empty where the source gave none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validator {
    /// The entity tag as it came, quotes and all.
    pub etag: Option<Vec<u8>>,
    /// The date as it came.
    pub last_modified: Option<Vec<u8>>,
}

impl Validator {
    /// Whether there is nothing to ask by.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.etag.is_none() && self.last_modified.is_none()
    }

    /// How much memory it takes, its own place not counted.
    pub(super) fn bytes(&self) -> usize {
        let bytes = |text: &Option<Vec<u8>>| text.as_ref().map_or(0, Vec::capacity);
        bytes(&self.etag).saturating_add(bytes(&self.last_modified))
    }
}

/// What a reply says. `Debug` shows of a document its length alone.
#[derive(Clone, PartialEq, Eq)]
pub enum Fetched {
    /// A document's bytes, not yet parsed: most often they are the ones that are held already.
    Body {
        /// The bytes; at most `maxBytes`.
        body: Vec<u8>,
        /// How to ask the next time.
        validator: Validator,
    },
    /// What is held is right.
    NotModified,
    /// The source works and has no such document.
    Missing,
    /// No usable answer.
    Failed(SourceError),
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Body { body, validator } => f
                .debug_struct("Body")
                .field("bytes", &body.len())
                .field("validator", validator)
                .finish(),
            Self::NotModified => f.write_str("NotModified"),
            Self::Missing => f.write_str("Missing"),
            Self::Failed(error) => f.debug_tuple("Failed").field(error).finish(),
        }
    }
}

/// One config centre's protocol: makes callouts and reads replies.
#[derive(Debug)]
#[non_exhaustive]
pub enum Fetcher {
    /// Plain HTTP: one path, one JSON document.
    Http(HttpSource),
}

impl Fetcher {
    /// Asks for the one document of a watched source; conditionally where `held` isn't empty.
    #[must_use]
    pub fn watch(&self, held: &Validator) -> Callout {
        match self {
            Self::Http(source) => source.watch(held),
        }
    }

    /// Whether a key becomes one or more segments of a path.
    #[must_use]
    pub fn has_key_in_segments(&self) -> bool {
        match self {
            Self::Http(source) => source.has_key_in_segments(),
        }
    }

    /// Asks for the document of `key`. `None` where the protocol cannot carry the key: a path segment would be empty or a
    /// dot segment, or it holds a control byte.
    #[must_use]
    pub fn demand(&self, key: &[u8], held: &Validator) -> Option<Callout> {
        match self {
            Self::Http(source) => source.demand(key, held),
        }
    }

    /// Reads a reply.
    #[must_use]
    pub fn interpret(&self, reply: Reply) -> Fetched {
        match self {
            Self::Http(source) => source.interpret(reply),
        }
    }

    /// How long a callout may take.
    #[must_use]
    pub const fn timeout(&self) -> Duration {
        match self {
            Self::Http(source) => source.timeout(),
        }
    }

    /// The longest document that is taken, in bytes.
    #[must_use]
    pub const fn max_bytes(&self) -> usize {
        match self {
            Self::Http(source) => source.max_bytes(),
        }
    }
}
