//! From a request's head to a route: the canonical path and host, patterns, predicates, and the router.

mod canonical;
mod host;
mod pattern;
mod predicate;
mod router;
mod rules;
mod spelling;

pub use canonical::{CanonicalPath, canonicalise};
pub use host::{HostError, HostPattern, HostPatternError, canonical_host};
pub use pattern::{Capture, CaptureKind, Captures, PathPattern, PatternError};
pub use predicate::{HeaderPredicate, Method, PredicateError, QueryPredicate, Test};
pub use router::{Found, Head, RouteIndex, Router, Rule};
pub use rules::{DuplicateSlash, Parameters, PathError, PathRules, SlashChoice};
