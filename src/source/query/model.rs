//! The compiled form of a JSONPath.

use regex_lite::Regex;
use serde_json::Value;

use super::pattern::Extent;
use super::relative_path::PathStep;

/// What a query begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// `$`: the document.
    Root,
    /// `@`: the value that a filter looks at.
    Current,
}

/// A query (RFC 9535 §2.1, §2.3.5).
#[derive(Clone, Debug)]
pub(super) struct Query {
    pub(super) start: Start,
    pub(super) segments: Box<[Segment]>,
}

/// One segment (§2.5).
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Whether it selects below all descendants, or only below the value itself.
    pub(super) descends: bool,
    pub(super) selectors: Box<[Selector]>,
}

/// One selector (§2.3).
#[derive(Clone, Debug)]
pub(super) enum Selector {
    PathStep(PathStep),
    Wildcard,
    Slice(Slice),
    Filter(Logical),
}

/// An array slice (§2.3.4).
#[derive(Clone, Copy, Debug)]
pub(super) struct Slice {
    pub(super) start: Option<i64>,
    pub(super) end: Option<i64>,
    pub(super) step: i64,
}

/// What holds or doesn't (§2.3.5).
#[derive(Clone, Debug)]
pub(super) enum Logical {
    Any(Box<[Self]>),
    All(Box<[Self]>),
    Not(Box<Self>),
    Exists(Query),
    Compared(Box<Comparable>, Comparison, Box<Comparable>),
    /// `match()`, and `search()` by its pattern.
    Matches(Box<Comparable>, FilterPattern),
    Related(Relation, Box<Comparable>, Box<Comparable>),
}

/// An expression with one value or none (§2.4.1, ValueType).
#[derive(Clone, Debug)]
pub(super) enum Comparable {
    Literal(Value),
    /// A query of names and indices.
    Singular(Start, Box<[PathStep]>),
    Length(Box<Self>),
    Count(Query),
    /// `value()`.
    Only(Query),
}

/// What a text is matched with.
#[derive(Clone, Debug)]
pub(super) enum FilterPattern {
    /// A pattern that is written in the query.
    Written(Regex),
    /// A value that is no text matches no string (RFC 9535 §2.4.6).
    Nothing,
    /// A pattern that is read from the document, each time.
    Found(Box<Comparable>, Extent),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Functions about lists, which RFC 9535 hasn't got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Relation {
    In,
    NotIn,
    NoneOf,
    AnyOf,
    SubsetOf,
}

impl Query {
    /// The steps, if it has only names and indices (§2.3.5.1).
    pub(super) fn singular(&self) -> Option<Box<[PathStep]>> {
        steps(&self.segments)
    }
}

/// The steps, if these segments are only names and indices.
pub(super) fn steps(segments: &[Segment]) -> Option<Box<[PathStep]>> {
    segments
        .iter()
        .map(|segment| step(segment).cloned())
        .collect()
}

/// The step, if the segment is one name or one index.
pub(super) fn step(segment: &Segment) -> Option<&PathStep> {
    match (segment.descends, &*segment.selectors) {
        (false, [Selector::PathStep(step)]) => Some(step),
        _ => None,
    }
}
