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
        /// The limit.
        limit: usize,
    },
    /// The answer's content is encoded (RFC 9110 §8.4), most likely compressed: so says this header.
    Encoded(String),
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
            Self::TooLarge { limit } => {
                write!(f, "the document is longer than `maxBytes`, {limit} bytes")
            }
            Self::Encoded(how) => {
                write!(f, "the answer is compressed (`content-encoding: {how}`)")
            }
            Self::Malformed(reason) => write!(f, "malformed document: {reason}"),
            Self::Unusable(reason) => write!(f, "unusable document: {reason}"),
        }
    }
}

impl std::error::Error for SourceError {}
