//! Rules: what a router is built of, what it reads, what it finds.

use crate::http::Headers;

use super::{
    Captures, HeaderPredicate, HostPattern, Method, PathPattern, PatternRef, QueryPredicate,
};

/// The index of a route in its policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RouteId(pub u32);

/// One way to match a route: all of its conditions hold.
#[derive(Clone, Debug)]
pub struct Rule {
    /// One of these fits; any host where there is none.
    pub hosts: Vec<HostPattern>,
    /// This fits; any path where there is none, as for the prefix `/`.
    pub path: Option<PathPattern>,
    /// One of these; any method where there is none.
    pub methods: Vec<Method>,
    /// All of these hold.
    pub headers: Vec<HeaderPredicate>,
    /// All of these hold.
    pub query: Vec<QueryPredicate>,
    /// The route that matches.
    pub route: RouteId,
    /// Which of its matches this is.
    pub match_index: u32,
}

/// What a router reads of a request.
#[derive(Clone, Copy, Debug)]
pub struct MatchInput<'a> {
    /// The host in its one spelling.
    pub host: &'a [u8],
    /// The path in matching form.
    pub path: &'a [u8],
    /// The method.
    pub method: &'a [u8],
    /// The query without its `?`.
    pub query: Option<&'a [u8]>,
    /// The headers.
    pub headers: &'a Headers<'a>,
}

/// The best rule for a request.
#[derive(Clone, Copy, Debug)]
pub struct RouteMatch<'r> {
    /// The route.
    pub route: RouteId,
    /// Which of its matches.
    pub match_index: u32,
    /// The pattern that fits the path.
    pub pattern: PatternRef<'r>,
}

impl<'r> RouteMatch<'r> {
    /// What the pattern captured of `path`, the one that was found by.
    #[must_use]
    pub const fn captures<'p>(&self, path: &'p [u8]) -> Captures<'r, 'p> {
        Captures::new(self.pattern, path)
    }
}
