//! Denials of the adapter's own: what it says where no policy can be asked, or an answer cannot be performed.

use crate::http::HeaderMap;

use super::hostcalls::{Failure, Host};

/// Why the adapter denies by itself. All of them are ours and answer 503; the reason stands in the response-code details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The stream's root has no good policy yet.
    NoPolicy,
    /// The host never told of this stream: its root, and so its policy, is unknown.
    UnknownContext,
    /// The request's headers could not be read.
    Unreadable,
    /// An edit, or letting the stream go on, was refused by the host.
    NotPerformed,
    /// The host's clock could not be read where the decision needed it.
    NoClock,
    /// The engine is gone (its policy was replaced) or cannot be asked now.
    NoEngine,
    /// Waiting and waking went round too often within one callback.
    Unsettled,
}

impl Refusal {
    /// The reason's stable name, as stats have it.
    pub(super) fn reason(self) -> &'static str {
        let details = self.details();
        details.strip_prefix("postern_").unwrap_or(details)
    }

    /// The response-code details.
    pub(super) const fn details(self) -> &'static str {
        match self {
            Self::NoPolicy => "postern_no_policy",
            Self::UnknownContext => "postern_unknown_context",
            Self::Unreadable => "postern_unreadable_headers",
            Self::NotPerformed => "postern_not_performed",
            Self::NoClock => "postern_no_clock",
            Self::NoEngine => "postern_policy_replaced",
            Self::Unsettled => "postern_unsettled",
        }
    }

    /// Answers the stream that is the effective context.
    ///
    /// # Errors
    /// The host refused.
    pub(super) fn answer(self, host: &impl Host) -> Result<(), Failure> {
        let headers = HeaderMap::from_pairs::<&[u8], &[u8]>(&[]);
        let details = self.details().as_bytes();
        host.send_local_response(STATUS, headers.as_wire(), &[], details, Some(GRPC_STATUS))
    }
}

/// The HTTP status of every refusal.
const STATUS: u16 = 503;

/// `UNAVAILABLE`, for clients that speak gRPC; Envoy uses it for no others.
const GRPC_STATUS: u8 = 14;
