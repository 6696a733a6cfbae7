//! What can go wrong with a source.

use std::fmt;

use crate::http::CalloutError;

/// Why a source gave no usable document.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceError {
    /// No answer came.
    Callout(CalloutError),
    /// The answer's status is neither a document nor "unchanged".
    Status(u16),
    /// The document is larger than the source's `maxBytes`.
    TooLarge {
        /// Its length.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// The document is no JSON.
    Malformed(String),
    /// The document is JSON and not what the policy needs of it.
    Unusable(String),
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Callout(error) => error.fmt(f),
            Self::Status(status) => write!(f, "unexpected status {status}"),
            Self::TooLarge { bytes, limit } => {
                write!(f, "document of {bytes} bytes, the limit is {limit}")
            }
            Self::Malformed(reason) => write!(f, "malformed document: {reason}"),
            Self::Unusable(reason) => write!(f, "unusable document: {reason}"),
        }
    }
}

impl std::error::Error for SourceError {}
