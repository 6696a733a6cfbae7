//! Finds the route of a request: canonical path and host, patterns, predicates, and the router.

mod build;
mod canonical;
mod capture;
mod host;
mod interner;
mod pattern;
mod pattern_error;
mod pattern_ref;
mod predicate;
mod router;
mod rule;
mod rule_table;
mod rules;
mod spelling;
mod tree;

pub use build::RouterBuilder;
pub use canonical::{CanonicalPath, canonicalise};
pub use capture::{Capture, Captures};
pub use host::{HostError, HostPattern, HostPatternError, canonical_host};
pub use pattern::PathPattern;
pub use pattern_error::PathPatternError;
pub use pattern_ref::{CaptureKind, PatternRef};
pub use predicate::{HeaderPredicate, Method, PredicateError, QueryPredicate, ValueMatch};
pub use router::Router;
pub use rule::{MatchIndex, MatchInput, RouteId, RouteMatch, Rule};
pub use rules::{
    DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError, SlashChoice,
};
