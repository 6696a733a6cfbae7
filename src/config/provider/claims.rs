//! What is asked of claims, as it is written.

use crate::config::condition::ConditionTest;
use crate::config::decode::node::Node;
use crate::config::decode::record::{Field, FieldRule, Record as _};
use crate::config::decode::{Decode, Named, expected, name, non_empty, pairs};
use crate::config::values::names::own_header;
use crate::config::values::text::{json_path, line, some_lines};
use crate::config::{Choice as _, ConfigErrors, Keyword, Path};

/// The values of a claim that are accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// Any: `any`.
    Any,
    /// One of these: a text, or a list. Not empty.
    These(Vec<String>),
}

impl Decode for Accepted {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::List(_) => {
                let these = some_lines(node, at, errors)?;
                if these.iter().any(|one| one == "any") {
                    errors.suggest(at, "`any` stands alone", "write `any` without a list");
                    return None;
                }
                Some(Self::These(these))
            }
            Node::String(_) => Some(match line(node, at, errors)? {
                any if any == "any" => Self::Any,
                only => Self::These(vec![only]),
            }),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::Map(_) => {
                expected("text, a list of texts, or `any`", node, at, errors)
            }
        }
    }
}

record! {
    /// Which consumer a token belongs to.
    pub struct ConsumerClaim {
        /// The claim that tells it: a JSONPath, or a claim's name.
        "claim" claim: String as claim_path = required;
        /// What the claim's value is.
        "by" by: ConsumerClaimBy = "credential";
        /// What a token is whose consumer isn't known.
        "unknown" unknown: UnknownConsumer = "reject";
    }
}

choice! {
    /// What the value of a consumer's claim is.
    pub enum ConsumerClaimBy {
        /// The `claim` of a consumer's credential of this provider.
        "credential" Credential;
        /// The consumer's name: the issuer of the tokens then chooses consumers.
        "name" Name;
    }
}

choice! {
    /// What a token is whose consumer isn't known.
    pub enum UnknownConsumer {
        /// The request is answered with 401.
        "reject" Reject;
        /// It is accepted, without a consumer.
        "identity" Identity;
    }
}

record! {
    /// A test of a claim.
    pub(super) struct WrittenClaimTest {
        /// It equals this JSON value, with the same type.
        "equals" equals: Option<serde_json::Value> = optional;
        /// It equals one of these JSON values.
        "in" any: Option<Vec<serde_json::Value>> as non_empty = optional;
        /// It is a list that contains this JSON value.
        "contains" contains: Option<serde_json::Value> = optional;
        /// Whether it exists.
        "exists" exists: Option<bool> = optional;
        /// It is a text, and this regular expression matches the whole of it.
        "matches" matches: Option<String> as line = optional;
    }
    rules [FieldRule::One(&["equals", "in", "contains", "exists", "matches"])]
}

fn claim_test(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<ConditionTest> {
    let written = WrittenClaimTest::decode(node, at, errors)?;
    let equals = written.equals.map(ConditionTest::Equals);
    equals
        .or(written.any.map(ConditionTest::In))
        .or(written.contains.map(ConditionTest::Contains))
        .or(written.exists.map(ConditionTest::Exists))
        .or(written.matches.map(ConditionTest::Matches))
}

/// A claim: a JSONPath, or the name of a member of the payload. The result is a JSONPath.
pub(super) fn claim_path(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    json_path(node, at, errors).map(|claim| path_of_claim(&claim))
}

/// The JSONPath for a claim as it is written. Text that doesn't begin with `$` is a member's name.
pub(crate) fn path_of_claim(written: &str) -> String {
    if written.starts_with('$') {
        return written.to_owned();
    }
    format!("$[{}]", serde_json::Value::String(written.to_owned()))
}

/// Tests by the claims that they are for. The claims stay as they are written, for the paths of errors.
pub(super) fn tests_of_claims(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<ConditionTest>>> {
    pairs(name, claim_test, node, at, errors)
}

/// Claims by the headers that they go into.
pub(super) fn headers_of_claims(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(header_of_claim, claim_path, node, at, errors)
}

fn header_of_claim(written: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    own_header(&Node::from(written), at, errors)
}

/// The fields of the records, by the record's name.
pub(super) fn record(name: &str) -> Option<(&'static [Field], &'static [FieldRule])> {
    Some(match name {
        "ConsumerClaim" => (ConsumerClaim::FIELDS, ConsumerClaim::RULES),
        "ClaimTest" => (WrittenClaimTest::FIELDS, WrittenClaimTest::RULES),
        _ => return None,
    })
}

/// The words of the choices, by the choice's name.
pub(super) fn choice(name: &str) -> Option<&'static [Keyword]> {
    Some(match name {
        "ConsumerClaimBy" => ConsumerClaimBy::WORDS,
        "UnknownConsumer" => UnknownConsumer::WORDS,
        _ => return None,
    })
}
