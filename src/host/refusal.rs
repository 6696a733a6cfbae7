//! Denials by the adapter itself: where there is no policy to ask, or the answer can't be performed.

use crate::http::HeaderMap;

use super::hostcalls::{Failure, Host};

/// Why the adapter denies by itself. The status is always 503; the reason stands in the response-code details.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The stream's root has no good policy yet.
    NoPolicy,
    /// The host never announced this stream: its root is unknown, and so is its policy.
    UnknownContext,
    /// The request's headers could not be read.
    Unreadable,
    /// The host refused an edit, or to let the stream go on.
    NotPerformed,
    /// The host's clock could not be read where the decision needed it.
    NoClock,
    /// The host could not tell a property of the request that the decision needed.
    NoProperty,
    /// The engine is gone (its policy was replaced) or cannot be asked now.
    NoEngine,
    /// Callouts failed and woke exchanges too often within one callback.
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
            Self::NoProperty => "postern_no_property",
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
