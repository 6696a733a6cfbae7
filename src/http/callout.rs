//! A request of the filter's own, and its reply.

use std::fmt;
use std::time::Duration;

use super::{HeaderMap, Text};

/// A request to a cluster, for the driver to send. `Debug` shows no header's value: some are credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Callout {
    /// The cluster's name in Envoy.
    pub cluster: Text,
    /// All headers, `:method`, `:scheme`, `:authority` and `:path` first.
    pub headers: Vec<(Text, Text)>,
    /// The content; often empty.
    pub body: Text,
    /// How long the driver waits for the whole reply.
    pub timeout: Duration,
    /// How many bytes of the reply's content are useful. Of a longer content the driver gives at least one byte more,
    /// to show that it is longer, and need not copy the rest.
    pub max_bytes: usize,
}

impl fmt::Debug for Callout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&Text> = self.headers.iter().map(|(name, _)| name).collect();
        f.debug_struct("Callout")
            .field("cluster", &self.cluster)
            .field("headers", &names)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A whole reply to a callout. `Debug` shows only the length of the content: documents hold credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// The headers, `:status` among them.
    pub headers: HeaderMap,
    /// The content.
    pub body: Vec<u8>,
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("headers", &self.headers)
            .field("bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

impl Reply {
    /// The HTTP status; `None` where it is missing or not a number.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let status = self.headers.view().first(b":status")?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }
}

/// Why there is no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CalloutError {
    /// The host knows no cluster of that name.
    #[error("the callout could not be sent: Envoy knows no such cluster")]
    UnknownCluster,
    /// The host did not take it: the cluster has no usable endpoint, or its limits are reached, or the host call
    /// failed.
    #[error(
        "the callout could not be sent: the cluster has no usable endpoint, or its limits are reached"
    )]
    Unsendable,
    /// The host itself answered, and nothing came from the cluster.
    #[error("no answer, Envoy itself says {status}: {reason}")]
    Unreached {
        /// The status of its answer.
        status: u16,
        /// The host's own text, not the cluster's.
        reason: Box<str>,
    },
    /// Cut off, timed out, or longer than the host can hold; the host doesn't say which.
    #[error(
        "no reply: it was cut off, or the time ran out, or it is longer than Envoy can hold (32 MiB)"
    )]
    NoReply,
}
