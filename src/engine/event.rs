//! Events: one stream for metrics, logs and explanations.

mod detail;

use std::fmt;

use crate::policy::{Consumer, ProviderId, Route, RouteId, Routes, SourceId};
use crate::source::SourceError;

pub use detail::{Detail, DrawDetail, EntryOrigin, EntryStatus, VerdictDetail};

/// A route's name, which is read only if an observer needs it. Most requests are counted by the route's index alone.
#[derive(Clone, Copy)]
pub struct RouteName<'a> {
    routes: &'a Routes,
    route: &'a Route,
}

impl<'a> RouteName<'a> {
    pub(super) const fn of(route: &'a Route, routes: &'a Routes) -> Self {
        Self { routes, route }
    }

    /// The name.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.routes.name(self.route)
    }
}

impl fmt::Debug for RouteName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.text(), f)
    }
}

/// A consumer's name, which is read only if an observer needs it.
#[derive(Clone, Copy)]
pub struct ConsumerName<'a>(Consumer<'a>);

impl<'a> ConsumerName<'a> {
    pub(super) const fn of(consumer: Consumer<'a>) -> Self {
        Self(consumer)
    }

    /// The name.
    #[must_use]
    pub fn bytes(self) -> &'a [u8] {
        self.0.name().bytes()
    }
}

impl fmt::Debug for ConsumerName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}

/// Something to count, to log or to explain. It never holds a secret.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The verdict of a provider. Reported once for each provider of an exchange, however often the exchange waits.
    Authenticated {
        /// The provider's name.
        provider: &'a str,
        /// The provider.
        id: ProviderId,
        /// Its verdict.
        verdict: VerdictKind,
    },
    /// The sender is a consumer. Reported if the policy shows something in the access log, and again after the exchange has
    /// waited.
    Identified {
        /// The consumer's name.
        consumer: ConsumerName<'a>,
    },
    /// An exchange was decided. Reported once for each exchange.
    Decided {
        /// The route's name. None if no route matched.
        route: Option<RouteName<'a>>,
        /// Which route of the policy it is.
        id: Option<RouteId>,
        /// The outcome.
        outcome: Outcome,
        /// The reason of a denial: snake_case, stable.
        reason: Option<&'static str>,
    },
    /// A lookup failed and its `onFailure` values were taken: the exchange went on without its document.
    FellBack {
        /// The route's name.
        route: &'a str,
        /// Which route of the policy it is.
        id: RouteId,
        /// The lookup's name.
        lookup: &'a str,
    },
    /// A source on demand was asked for a key.
    SourceAsked {
        /// The source's name in the policy.
        source: &'a str,
        /// Which source of the policy it is.
        id: SourceId,
        /// Whether its answer was remembered.
        recall: Recall,
    },
    /// A callout to a source is sent.
    SourceFetched {
        /// The source's name in the policy.
        source: &'a str,
        /// Which source of the policy it is.
        id: SourceId,
    },
    /// A source has a new document.
    SourceLoaded {
        /// The source's name in the policy.
        source: &'a str,
        /// Length of the document.
        bytes: usize,
    },
    /// A source's new document is older than the one before: its server was set up again from old data.
    SourceWentBack {
        /// The source's name in the policy.
        source: &'a str,
        /// Which source of the policy it is.
        id: SourceId,
    },
    /// All lists of consumers have been compared with each other.
    ListsCompared,
    /// A source could not be read, or its document was rejected. The last good document stays.
    SourceFailed {
        /// The source's name in the policy.
        source: &'a str,
        /// Which source of the policy it is.
        id: SourceId,
        /// What went wrong.
        error: &'a SourceError,
    },
    /// A record of an accepted document was left out.
    RecordLeftOut {
        /// The source's name in the policy.
        source: &'a str,
        /// Which source of the policy it is.
        id: SourceId,
        /// The record's name or index; `-` if the reason has the number of records.
        record: &'a str,
        /// Why.
        reason: &'a str,
    },
}

/// The verdict of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VerdictKind {
    /// It found none of its credentials.
    Absent,
    /// It found a token of another issuer, which another provider may accept.
    Foreign,
    /// It verified the credential.
    Accepted,
    /// The credential is not good, or there were several, for this reason.
    Rejected(&'static str),
    /// It can't verify the credential now, for this reason.
    Unavailable(&'static str),
}

/// Whether an answer was remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recall {
    /// The answer was remembered: a document, fresh or stale, or the fact that there is none.
    Hit,
    /// The answer wasn't remembered, and the exchange waits for it.
    Miss,
    /// The answer wasn't remembered, and the source isn't asked: it failed a moment ago, or one of its limits is reached.
    Refused,
}

/// The outcome of an exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The request was forwarded to the upstream.
    Forwarded,
    /// The policy gave the response (`respond`, `redirect`).
    Answered,
    /// The request was denied.
    Denied,
}

/// Receives events.
pub trait Observer {
    /// Called when the event happens. It must be quick.
    fn event(&mut self, event: &Event<'_>);

    /// Whether it receives the details of each exchange. They cost time and memory, so a gateway doesn't ask for them.
    fn wants_detail(&self) -> bool {
        false
    }

    /// Called for each detail of an exchange, if it asks for them.
    fn detail(&mut self, _detail: &Detail<'_>) {}
}
