//! Errors of sources.

use crate::http::CalloutError;

/// Why a source gave no usable document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// There is no reply.
    #[error(transparent)]
    Callout(CalloutError),
    /// The reply has an unexpected status: neither a document nor "not modified".
    #[error("unexpected status {0}")]
    Status(u16),
    /// The document is larger than the source's `maxBytes`.
    #[error("the document is longer than `maxBytes`, {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The reply's content is encoded (RFC 9110 §8.4), most likely compressed. Holds the value of `content-encoding`.
    #[error("the answer is compressed (`content-encoding: {0}`)")]
    Encoded(String),
    /// The document does not have the format of the source.
    #[error("malformed document: {0}")]
    Malformed(String),
    /// The document can be read, but is not what the policy needs.
    #[error("unusable document: {0}")]
    Unusable(String),
}
