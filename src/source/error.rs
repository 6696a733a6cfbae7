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
    /// The server refuses the credentials in the gate's own request, with this status: 401 or 403.
    #[error("status {0}: the server refuses the gate's own credentials")]
    Refused(u16),
    /// The server refuses a request with a client's credential, and the gate has none of its own there: 401 or 403.
    #[error("status {0}: the server refuses a client's credential")]
    ClientRefused(u16),
    /// The source works and has no such document.
    #[error("there is no such document: it was deleted, or its name is wrong")]
    Missing,
    /// The login failed, which is at another server than the document.
    #[error("the login failed: {0}")]
    Login(Box<Self>),
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

impl SourceError {
    /// A word for each kind of error, for counts: it stays the same.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Callout(CalloutError::UnknownCluster) => "unknown_cluster",
            Self::Callout(CalloutError::Unsendable) => "unsendable",
            Self::Callout(CalloutError::Unreached { .. }) => "unreached",
            Self::Callout(CalloutError::NoReply) => "no_reply",
            Self::Status(_) | Self::ClientRefused(_) => "status",
            Self::Refused(_) => "refused",
            Self::Login(error) => error.name(),
            Self::Missing => "missing",
            Self::TooLarge { .. } => "too_large",
            Self::Encoded(_) => "compressed",
            Self::Malformed(_) => "malformed",
            Self::Unusable(_) => "unusable",
        }
    }
}
