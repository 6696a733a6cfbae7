//! Conditions of `authorize`.

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named, filled, non_empty};
use crate::config::values::text::{json_path, line, some_lines, values_by_name};
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
        test: ConditionTest,
    },
    /// A claim of the sender's token.
    Claim {
        /// Its JSONPath, or its name.
        claim: String,
        /// The test of the value.
        test: ConditionTest,
    },
    /// The scopes of the sender's token.
    Scopes(Names),
}

/// A test of a looked-up value or of a claim.
#[derive(Clone, Debug)]
pub enum ConditionTest {
    /// It equals this JSON value, with the same type. Numbers compare by value: `1` is `1.0`.
    Equals(serde_json::Value),
    /// It equals one of these. Not empty.
    In(Vec<serde_json::Value>),
    /// It is a list that contains this JSON value.
    Contains(serde_json::Value),
    /// Whether it exists.
    Exists(bool),
    /// It is a text that matches this regular expression as a whole.
    Matches(String),
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
        /// A claim of the sender's token: a JSONPath, or the claim's name.
        "claim" claim: Option<String> as json_path = optional;
        /// The scopes of the sender's token.
        "scopes" scopes: Option<Names> = optional;
        /// It equals this JSON value, with the same type.
        "equals" equals: Option<serde_json::Value> = optional;
        /// It equals one of these JSON values, with the same type.
        "in" among: Option<Vec<serde_json::Value>> as non_empty = optional;
        /// It is a list that contains this JSON value.
        "contains" contains: Option<serde_json::Value> = optional;
        /// Whether it exists.
        "exists" exists: Option<bool> = optional;
        /// It is a text that matches this regular expression as a whole.
        "matches" matches: Option<String> as line = optional;
    }
    rules [
        FieldRule::One(&[
            "all", "any", "not", "groups", "consumers", "labels", "provider", "lookup", "claim", "scopes",
        ]),
        FieldRule::AtMostOne(&["equals", "in", "contains", "exists", "matches"]),
        FieldRule::NeedsOne("equals", &["lookup", "claim"]),
        FieldRule::NeedsOne("in", &["lookup", "claim"]),
        FieldRule::NeedsOne("contains", &["lookup", "claim"]),
        FieldRule::NeedsOne("exists", &["lookup", "claim"]),
        FieldRule::NeedsOne("matches", &["lookup", "claim"]),
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
    fn chosen(mut self, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Condition> {
        let (lookup, claim) = (self.lookup.take(), self.claim.take());
        if lookup.is_some() || claim.is_some() {
            let Some(test) = self.test() else {
                let tests = "`equals`, `in`, `contains`, `exists` or `matches`";
                errors.push(at, format!("one of {tests} is required"));
                return None;
            };
            return match (lookup, claim) {
                (Some(lookup), _) => Some(Condition::Lookup { lookup, test }),
                (None, claim) => Some(Condition::Claim {
                    claim: claim?,
                    test,
                }),
            };
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
            .or(self.scopes.map(Condition::Scopes))
    }

    /// The test of a value that is set.
    fn test(&mut self) -> Option<ConditionTest> {
        let equals = self.equals.take().map(ConditionTest::Equals);
        equals
            .or(self.among.take().map(ConditionTest::In))
            .or(self.contains.take().map(ConditionTest::Contains))
            .or(self.exists.take().map(ConditionTest::Exists))
            .or(self.matches.take().map(ConditionTest::Matches))
    }
}
