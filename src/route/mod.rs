//! Finds the route of a request: canonical path and host, patterns, predicates, and the router.

mod host;
mod other_predicates;
mod path;
mod pattern;
mod predicate;
mod router;

pub use host::{HostError, HostPattern, HostPatternError, canonical_host};
pub use other_predicates::OtherPredicates;
pub use path::{
    CanonicalPath, DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError,
    SlashChoice, canonicalise,
};
pub use pattern::{Capture, CaptureKind, Captures, PathPattern, PathPatternError, PatternRef};
pub use predicate::{
    CookiePredicate, HeaderPredicate, Method, PredicateError, QueryPredicate, Unclear, ValueMatch,
};
pub use router::{
    MatchIndex, MatchInput, MatchNotes, Priority, RouteId, RouteMatch, Router, RouterBuilder, Rule,
};
