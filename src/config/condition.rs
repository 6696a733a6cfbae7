//! Conditions of `authorize`.

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named, filled, non_empty};
use crate::config::values::text::{line, some_lines, values_by_name};
use crate::config::{ConfigErrors, Path};

/// A condition that must hold for a request to pass.
#[derive(Clone, Debug)]
pub enum Condition {
    /// All of these hold. Not empty.
    All(Vec<Self>),
    /// At least one of these holds. Not empty.
    Any(Vec<Self>),
    /// This doesn't hold.
    Not(Box<Self>),
    /// The consumer's groups.
    Groups(Names),
    /// The consumer is one of these. Not empty.
    Consumers(Vec<String>),
    /// The consumer has these labels with these values (templates). Not empty.
    Labels(Vec<Named<String>>),
    /// This provider authenticated the request.
    Provider(String),
    /// A looked-up value.
    Lookup {
        /// Its name: `LOOKUP.VALUE`.
        lookup: String,
        /// The test of the value.
        test: LookupTest,
    },
}

/// A test of a looked-up value.
#[derive(Clone, Debug)]
pub enum LookupTest {
    /// It equals this JSON value, with the same type. Numbers compare by value: `1` is `1.0`.
    Equals(serde_json::Value),
    /// It is a list that contains this JSON value.
    Contains(serde_json::Value),
    /// Whether it exists.
    Exists(bool),
}

one_of! {
    /// A condition on a set of names.
    pub enum Names {
        /// One of these.
        "any" Any(Vec<String>) as some_lines;
        /// All of these.
        "all" All(Vec<String>) as some_lines;
    }
}

record! {
    /// Names of consumers.
    pub(super) struct AnyConsumer {
        /// One of these.
        "any" any: Vec<String> as some_lines = required;
    }
}

record! {
    /// A condition that must hold for a request to pass.
    pub(super) struct WrittenCondition {
        /// All of these.
        "all" all: Option<Vec<Condition>> as non_empty = optional;
        /// One of these.
        "any" any: Option<Vec<Condition>> as non_empty = optional;
        /// This doesn't hold.
        "not" not: Option<Box<Condition>> = optional;
        /// The consumer's groups.
        "groups" groups: Option<Names> = optional;
        /// The consumer's name.
        "consumers" consumers: Option<AnyConsumer> = optional;
        /// The consumer's labels with their required values (templates).
        "labels" labels: Option<Vec<Named<String>>> as some_labels = optional;
        /// The provider that authenticated the request.
        "provider" provider: Option<String> as line = optional;
        /// A looked-up value: `LOOKUP.VALUE`.
        "lookup" lookup: Option<String> as line = optional;
        /// It equals this JSON value, with the same type.
        "equals" equals: Option<serde_json::Value> = optional;
        /// It is a list that contains this JSON value.
        "contains" contains: Option<serde_json::Value> = optional;
        /// Whether it exists.
        "exists" exists: Option<bool> = optional;
    }
    rules [
        FieldRule::One(&["all", "any", "not", "groups", "consumers", "labels", "provider", "lookup"]),
        FieldRule::AtMostOne(&["equals", "contains", "exists"]),
        FieldRule::Needs("equals", "lookup"),
        FieldRule::Needs("contains", "lookup"),
        FieldRule::Needs("exists", "lookup"),
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
    /// The condition that is set. The rules refuse more than one.
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
