//! From a request's head to a route: the canonical path and host, patterns, predicates, and the router.

mod canonical;
mod host;
mod pattern;
mod predicate;
mod router;

pub use canonical::{
    CanonicalPath, DuplicateSlash, Parameters, PathError, PathRules, SlashChoice, canonicalise,
};
pub use host::{HostError, HostPattern, HostPatternError, canonical_host};
pub use pattern::{Capture, CaptureKind, Captures, PathPattern, PatternError};
pub use predicate::{HeaderPredicate, Method, PredicateError, QueryPredicate, Test};
pub use router::{Found, Head, RouteIndex, Router, Rule};
