//! What can go wrong with a source.

use crate::http::CalloutError;

/// Why a source gave no usable document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// No answer came.
    #[error(transparent)]
    Callout(CalloutError),
    /// The answer's status is neither a document nor "unchanged".
    #[error("unexpected status {0}")]
    Status(u16),
    /// The document is larger than the source's `maxBytes`.
    #[error("the document is longer than `maxBytes`, {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The answer's content is encoded (RFC 9110 §8.4), most likely compressed: so says this header.
    #[error("the answer is compressed (`content-encoding: {0}`)")]
    Encoded(String),
    /// The document is no JSON.
    #[error("malformed document: {0}")]
    Malformed(String),
    /// The document is JSON and not what the policy needs of it.
    #[error("unusable document: {0}")]
    Unusable(String),
}
