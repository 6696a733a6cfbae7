//! Finds the route of a request: canonical path and host, patterns, predicates, and the router.

mod host;
mod path;
mod pattern;
mod predicate;
mod router;

pub use host::{HostError, HostPattern, HostPatternError, canonical_host};
pub use path::{
    CanonicalPath, DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError,
    SlashChoice, canonicalise,
};
pub use pattern::{Capture, CaptureKind, Captures, PathPattern, PathPatternError, PatternRef};
pub use predicate::{HeaderPredicate, Method, PredicateError, QueryPredicate, ValueMatch};
pub use router::{MatchIndex, MatchInput, RouteId, RouteMatch, Router, RouterBuilder, Rule};
