//! What must hold for a request to pass.

use crate::config::decode::node::Node;
use crate::config::decode::record::Rule;
use crate::config::decode::{Decode, Named, filled, non_empty};
use crate::config::values::text::{line, some_lines, values_by_name};
use crate::config::{ConfigErrors, Path};

/// What must hold for a request to pass.
#[derive(Clone, Debug)]
pub enum Condition {
    /// Each of these. Not empty.
    All(Vec<Self>),
    /// One of these. Not empty.
    Any(Vec<Self>),
    /// Not this one.
    Not(Box<Self>),
    /// The consumer's groups.
    Groups(Names),
    /// The consumer is one of these. Not empty.
    Consumers(Vec<String>),
    /// The consumer has these labels, each with this value (a template). Not empty.
    Labels(Vec<Named<String>>),
    /// The route's requirement is met by this provider.
    Provider(String),
    /// A looked-up value.
    Lookup {
        /// Which one: `LOOKUP.VALUE`.
        lookup: String,
        /// What must hold of it.
        test: LookupTest,
    },
}

/// What must hold of a looked-up value.
#[derive(Clone, Debug)]
pub enum LookupTest {
    /// It is this JSON value, of this type. Numbers compare by value: `1` is `1.0`.
    Equals(serde_json::Value),
    /// It is a list that holds this JSON value.
    Contains(serde_json::Value),
    /// Whether it is there.
    Exists(bool),
}

one_of! {
    /// Names that are had.
    pub enum Names {
        /// One of these.
        "any" Any(Vec<String>) as some_lines;
        /// Each of these.
        "all" All(Vec<String>) as some_lines;
    }
}

record! {
    /// Consumers by name.
    pub(super) struct AnyConsumer {
        /// One of these.
        "any" any: Vec<String> as some_lines = required;
    }
}

record! {
    /// What must hold for a request to pass.
    pub(super) struct WrittenCondition {
        /// Each of these.
        "all" all: Option<Vec<Condition>> as non_empty = optional;
        /// One of these.
        "any" any: Option<Vec<Condition>> as non_empty = optional;
        /// Not this one.
        "not" not: Option<Box<Condition>> = optional;
        /// The consumer's groups.
        "groups" groups: Option<Names> = optional;
        /// The consumer's name.
        "consumers" consumers: Option<AnyConsumer> = optional;
        /// The consumer's labels, each with the value that it must have: a template.
        "labels" labels: Option<Vec<Named<String>>> as some_labels = optional;
        /// The provider by which the requirement is met.
        "provider" provider: Option<String> as line = optional;
        /// A looked-up value: `LOOKUP.VALUE`.
        "lookup" lookup: Option<String> as line = optional;
        /// It is this JSON value, of this type.
        "equals" equals: Option<serde_json::Value> = optional;
        /// It is a list that holds this JSON value.
        "contains" contains: Option<serde_json::Value> = optional;
        /// Whether it is there.
        "exists" exists: Option<bool> = optional;
    }
    rules [
        Rule::One(&["all", "any", "not", "groups", "consumers", "labels", "provider", "lookup"]),
        Rule::AtMostOne(&["equals", "contains", "exists"]),
        Rule::Needs("equals", "lookup"),
        Rule::Needs("contains", "lookup"),
        Rule::Needs("exists", "lookup"),
    ]
}

fn some_labels(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    filled(values_by_name(node, at, errors), at, errors)
}

impl Decode for Condition {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        if matches!(node, Node::List(_)) {
            let reason = "expected a condition, found a list";
            errors.suggest(at, reason, "write `{all: […]}` or `{any: […]}`");
            return None;
        }
        WrittenCondition::decode(node, at, errors)?.chosen(at, errors)
    }
}

impl WrittenCondition {
    /// The one that was written; the rules have refused more than one.
    fn chosen(self, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Condition> {
        if let Some(lookup) = self.lookup {
            let equals = self.equals.map(LookupTest::Equals);
            let contains = self.contains.map(LookupTest::Contains);
            let test = equals.or(contains).or(self.exists.map(LookupTest::Exists));
            if test.is_none() {
                errors.push(at, "one of `equals`, `contains` or `exists` is required");
            }
            return Some(Condition::Lookup {
                lookup,
                test: test?,
            });
        }
        let lists = self
            .all
            .map(Condition::All)
            .or(self.any.map(Condition::Any));
        lists
            .or(self.not.map(Condition::Not))
            .or(self.groups.map(Condition::Groups))
            .or(self.consumers.map(|names| Condition::Consumers(names.any)))
            .or(self.labels.map(Condition::Labels))
            .or(self.provider.map(Condition::Provider))
    }
}
