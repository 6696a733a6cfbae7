//! A request of the gate's own to a cluster, and what came of it.

use std::fmt;
use std::time::Duration;

use super::{HeaderMap, Text};

/// A request to a cluster, to be sent by the driver. `Debug` shows no header's value: some are credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct Callout {
    /// The cluster's name in Envoy.
    pub cluster: Text,
    /// All headers, `:method`, `:scheme`, `:authority` and `:path` first.
    pub headers: Vec<(Text, Text)>,
    /// The content; often none.
    pub body: Text,
    /// How long the driver waits for the whole answer.
    pub timeout: Duration,
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

/// A whole answer to a callout. `Debug` shows of the content its length alone: documents hold credentials.
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
    /// The HTTP status; `None` where it is missing or no number.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        let status = self.headers.view().first(b":status")?;
        std::str::from_utf8(status).ok()?.parse().ok()
    }
}

/// Why there is no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CalloutError {
    /// The host did not take it: the cluster is unknown, or the host call failed.
    Unsendable,
    /// Refused, reset, or timed out: the host doesn't say which.
    NoReply,
    /// The policy that had sent it is gone.
    Abandoned,
}

impl fmt::Display for CalloutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unsendable => "the callout could not be sent: is the cluster known to Envoy?",
            Self::NoReply => "no reply: connection refused or reset, or the time ran out",
            Self::Abandoned => "the policy that asked was replaced",
        })
    }
}

impl std::error::Error for CalloutError {}
