//! Conditions of `authorize`.

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Decode, Named, expected, filled, non_empty};
use crate::config::flag::ListRef;
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
    /// A text of the request.
    Value {
        /// A template.
        value: String,
        /// The test of the text.
        test: ConditionTest,
    },
    /// A value is in a list of a document.
    Listed {
        /// The value.
        subject: ListedValue,
        /// The list.
        list: ListRef,
    },
    /// A flag is on for this request.
    Flag {
        /// The flag's name.
        flag: String,
        /// What the draw of a percentage depends on: a template.
        key: Option<String>,
    },
}

/// What is looked for in a list of a document.
#[derive(Clone, Debug)]
pub enum ListedValue {
    /// A text of the request: a template.
    Value(String),
    /// A looked-up value: `LOOKUP.VALUE`.
    Lookup(String),
    /// A claim of the sender's token: its JSONPath, or its name.
    Claim(String),
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
        /// A text of the request: a template.
        "value" value: Option<String> = optional;
        /// A looked-up value: `LOOKUP.VALUE`.
        "lookup" lookup: Option<String> as line = optional;
        /// A claim of the sender's token: a JSONPath, or the claim's name.
        "claim" claim: Option<String> as json_path = optional;
        /// The scopes of the sender's token.
        "scopes" scopes: Option<Names> = optional;
        /// A flag of the policy that is on.
        "flag" flag: Option<String> as line = optional;
        /// What the draw of a flag's percentage depends on: a template. The same key always draws the same.
        "key" key: Option<String> as line = optional;
        /// It equals this JSON value, with the same type.
        "equals" equals: Option<serde_json::Value> = optional;
        /// It equals one of these JSON values, with the same type; or its text is in a list of a document.
        "in" among: Option<Among> = optional;
        /// It is a list that contains this JSON value.
        "contains" contains: Option<serde_json::Value> = optional;
        /// Whether it exists.
        "exists" exists: Option<bool> = optional;
        /// It is a text that matches this regular expression as a whole.
        "matches" matches: Option<String> as line = optional;
    }
    rules [
        FieldRule::One(&[
            "all", "any", "not", "groups", "consumers", "labels", "provider", "value", "lookup", "claim", "scopes", "flag",
        ]),
        FieldRule::AtMostOne(&["equals", "in", "contains", "exists", "matches"]),
        FieldRule::Needs("key", "flag"),
        FieldRule::NeedsOne("equals", &["value", "lookup", "claim"]),
        FieldRule::NeedsOne("in", &["value", "lookup", "claim"]),
        FieldRule::NeedsOne("contains", &["lookup", "claim"]),
        FieldRule::NeedsOne("exists", &["lookup", "claim"]),
        FieldRule::NeedsOne("matches", &["value", "lookup", "claim"]),
    ]
}

/// What `in` compares with.
#[derive(Clone, Debug)]
pub(super) enum Among {
    /// These values. Not empty.
    Values(Vec<serde_json::Value>),
    /// A list of a document.
    List(ListRef),
}

impl Decode for Among {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::List(_) => non_empty(node, at, errors).map(Self::Values),
            Node::Map(_) => Decode::decode(node, at, errors).map(Self::List),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) => {
                expected("a list, or `{source, list}`", node, at, errors)
            }
        }
    }
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
        if let Some(subject) = self.subject() {
            return self.compared(subject, at, errors);
        }
        if let Some(flag) = self.flag {
            let key = self.key;
            return Some(Condition::Flag { flag, key });
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

    /// The value that a test is about, if it is a condition with a test.
    fn subject(&mut self) -> Option<ListedValue> {
        let lookup = self.lookup.take().map(ListedValue::Lookup);
        lookup
            .or(self.claim.take().map(ListedValue::Claim))
            .or(self.value.take().map(ListedValue::Value))
    }

    /// The condition with a test of this value.
    fn compared(
        self,
        subject: ListedValue,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Condition> {
        let is_text = matches!(subject, ListedValue::Value(_));
        let test = match (self.among, self.equals) {
            (Some(Among::List(list)), _) => return Some(Condition::Listed { subject, list }),
            (Some(Among::Values(values)), _) => Some(ConditionTest::In(values)),
            (None, equals) => equals.map(ConditionTest::Equals),
        };
        let test = test
            .or(self.contains.map(ConditionTest::Contains))
            .or(self.exists.map(ConditionTest::Exists))
            .or(self.matches.map(ConditionTest::Matches));
        let Some(test) = test else {
            let tests = if is_text {
                "`equals`, `in` or `matches`"
            } else {
                "`equals`, `in`, `contains`, `exists` or `matches`"
            };
            errors.push(at, format!("one of {tests} is required"));
            return None;
        };
        Some(match subject {
            ListedValue::Value(value) => Condition::Value { value, test },
            ListedValue::Lookup(lookup) => Condition::Lookup { lookup, test },
            ListedValue::Claim(claim) => Condition::Claim { claim, test },
        })
    }
}
