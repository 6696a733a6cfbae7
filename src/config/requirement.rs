//! What a client must prove.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, expected, non_empty};
use crate::config::{ConfigErrors, Path};

/// What a client must prove: `none`, the name of a provider, or a combination.
#[derive(Clone, Debug)]
pub enum Requirement {
    /// Nothing: credentials are not read.
    None,
    /// A credential that this provider accepts.
    Provider(String),
    /// One of these, the first that accepts. Not empty.
    Any(Vec<Self>),
    /// Each of these. Not empty.
    All(Vec<Self>),
    /// One of these, or no credential at all. Not empty.
    Optional(Vec<Self>),
}

one_of! {
    /// A combination of requirements.
    pub(super) enum Combination {
        /// One of these, the first that accepts.
        "any" Any(Vec<Requirement>) as some;
        /// Each of these.
        "all" All(Vec<Requirement>) as some;
        /// One of these, or no credential at all: a requirement or a list of them.
        "optional" Optional(Vec<Requirement>) as one_or_some;
    }
}

fn some(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Vec<Requirement>> {
    if let Node::List(nodes) = node {
        for (index, node) in nodes.iter().enumerate() {
            refuse_none(node, &at.index(index), errors);
        }
    }
    non_empty(node, at, errors)
}

fn one_or_some(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Requirement>> {
    if matches!(node, Node::List(_)) {
        return some(node, at, errors);
    }
    refuse_none(node, at, errors);
    Requirement::decode(node, at, errors).map(|requirement| vec![requirement])
}

/// `any: [keys, none]` could mean that a bad key passes, or that it doesn't.
fn refuse_none(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) {
    if node.as_text() == Some("none") {
        errors.suggest(at, "`none` stands alone", "write `{optional: …}`");
    }
}

impl Decode for Requirement {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(name) if name == "none" => Some(Self::None),
            Node::String(name) if name.is_empty() => {
                errors.push(at, "must not be empty");
                None
            }
            Node::String(name) => Some(Self::Provider(name.as_ref().to_owned())),
            Node::Map(_) => Some(match Combination::decode(node, at, errors)? {
                Combination::Any(list) => Self::Any(list),
                Combination::All(list) => Self::All(list),
                Combination::Optional(list) => Self::Optional(list),
            }),
            Node::List(_) => {
                let reason = "expected `none`, a provider or a map, found a list";
                errors.suggest(at, reason, "write `{any: […]}` or `{all: […]}`");
                None
            }
            Node::Null | Node::Bool(_) | Node::Number(_) => {
                expected("`none`, a provider or a map", node, at, errors)
            }
        }
    }
}
