//! The input and the output of the router: rules, the parts of a request, the match.

use crate::http::Headers;
use crate::route::{
    Captures, HeaderPredicate, HostPattern, Method, OtherPredicates, PathPattern, PatternRef,
    QueryPredicate,
};

use super::MatchNotes;

/// One of a policy's routes, by its index in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

impl RouteId {
    /// The index: from zero, in the order of the policy.
    #[must_use]
    pub fn index(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

/// The index of a match among those of its route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct MatchIndex(pub u32);

/// A rule with a higher priority is found before all rules with a lower one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Priority(pub i32);

/// One match of a route. All of its conditions must hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// One of these must match. Empty means all hosts.
    pub hosts: Vec<HostPattern>,
    /// This must match. `None` means all paths, as for the prefix `/`.
    pub path: Option<PathPattern>,
    /// The method must be one of these. Empty means all methods.
    pub methods: Vec<Method>,
    /// All of these hold.
    pub headers: Vec<HeaderPredicate>,
    /// All of these hold.
    pub query: Vec<QueryPredicate>,
    /// All of these hold.
    pub others: OtherPredicates,
    /// The priority of its route.
    pub priority: Priority,
    /// Whether its route has a condition that chooses between routes with equal rules.
    pub is_conditional: bool,
    /// The route that matches.
    pub route: RouteId,
    /// Which match of the route this is.
    pub match_index: MatchIndex,
}

/// The parts of a request that the router reads.
#[derive(Clone, Copy, Debug)]
pub struct MatchInput<'a> {
    /// The canonical host.
    pub host: &'a [u8],
    /// The path in matching form.
    pub path: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The query without its `?`.
    pub query: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a Headers<'a>,
    /// What the search notes.
    pub notes: &'a MatchNotes,
}

/// The best rule for a request.
#[derive(Clone, Copy, Debug)]
pub struct RouteMatch<'r> {
    /// The route.
    pub route: RouteId,
    /// Which match of the route it is.
    pub match_index: MatchIndex,
    /// The pattern that matches the path.
    pub pattern: PatternRef<'r>,
}

impl<'r> RouteMatch<'r> {
    /// The captures of the pattern in the path that was matched.
    #[must_use]
    pub const fn captures<'p>(&self, input: &MatchInput<'p>) -> Captures<'r, 'p> {
        Captures::new(self.pattern, input.path, input.notes)
    }
}
