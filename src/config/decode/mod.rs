//! Decoders from nodes to values. A decoder adds its errors and continues, so that all errors are reported together. An error
//! never quotes a value: it may be a secret.

#[macro_use]
mod macros;

pub(crate) mod nearest;
pub(in crate::config) mod node;
mod other_gateways;
pub(in crate::config) mod record;

use std::hash::BuildHasher;
use std::rc::Rc;

use crate::config::decode::nearest::{listed, nearest};
use crate::config::decode::node::Node;
use crate::config::{ConfigErrors, Path};
use crate::hash::{Map, Seeded, Set};
use crate::sort::sort_by;

/// A type that can be decoded from a node.
pub(in crate::config) trait Decode: Sized {
    /// The value, or `None` after at least one error was added.
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self>;
}

/// A named value. Lists of them keep the order of the document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The name: unique in its list, not empty.
    pub name: String,
    /// The value.
    pub value: T,
}

/// Adds the error that `what` was expected.
pub(in crate::config) fn expected<T>(
    what: &str,
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    let reason = format!("expected {what}, found {}", node.kind());
    if *node == Node::Null {
        errors.suggest(at, reason, "leave it out, or write a value");
    } else {
        errors.push(at, reason);
    }
    None
}

/// Adds the error that one of some words was expected.
pub(in crate::config) fn expected_word<T>(
    words: &[&str],
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    let Some(written) = node.as_text() else {
        return expected(&listed(words, "or"), node, at, errors);
    };
    let reason = format!("expected {}", listed(words, "or"));
    match nearest(written, words) {
        Some(meant) => errors.suggest(at, reason, format!("did you mean `{meant}`?")),
        None => errors.push(at, reason),
    }
    None
}

impl Decode for String {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::String(text) => Some(text.as_ref().to_owned()),
            Node::Bool(_) | Node::Number(_) => {
                let reason = format!("expected text, found {}", node.kind());
                errors.suggest(at, reason, "put it in quotes");
                None
            }
            Node::Null | Node::List(_) | Node::Map(_) => expected("text", node, at, errors),
        }
    }
}

impl Decode for bool {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        match node {
            Node::Bool(value) => Some(*value),
            Node::Null | Node::Number(_) | Node::String(_) | Node::List(_) | Node::Map(_) => {
                expected("`true` or `false`", node, at, errors)
            }
        }
    }
}

impl<T: Decode> Decode for Box<T> {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        T::decode(node, at, errors).map(Self::new)
    }
}

impl<T: Decode> Decode for Vec<T> {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        list(T::decode, node, at, errors)
    }
}

/// Any JSON value. Duplicate keys in it are errors.
impl Decode for serde_json::Value {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        Some(match node {
            Node::Null => Self::Null,
            Node::Bool(value) => Self::Bool(*value),
            Node::Number(number) => Self::Number(number.clone()),
            Node::String(text) => Self::String(text.as_ref().to_owned()),
            Node::List(_) => Self::Array(Decode::decode(node, at, errors)?),
            Node::Map(_) => {
                let any = |key: &str, _: &Path<'_>, _: &mut ConfigErrors| Some(key.to_owned());
                let entries: Vec<Named<Self>> = pairs(any, Self::decode, node, at, errors)?;
                let mut object = serde_json::Map::new();
                // One by one: `collect` would add a sort to the module, 9 kB.
                for Named { name, value } in entries {
                    object.insert(name, value);
                }
                Self::Object(object)
            }
        })
    }
}

/// A decoder of a value.
type Decoder<T> = fn(&Node<'_>, &Path<'_>, &mut ConfigErrors) -> Option<T>;

/// A list whose entries `decoder` decodes.
pub(in crate::config) fn list<T>(
    decoder: Decoder<T>,
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    entries(node, at, errors, |index, node, errors| {
        decoder(node, &at.index(index), errors)
    })
}

/// A list whose entries `read` reads. All entries are read, so that all errors are reported.
fn entries<T>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
    mut read: impl FnMut(usize, &Node<'_>, &mut ConfigErrors) -> Option<T>,
) -> Option<Vec<T>> {
    let Node::List(nodes) = node else {
        return expected("a list", node, at, errors);
    };
    let nodes = nodes.iter().enumerate();
    let all: Vec<Option<T>> = nodes
        .map(|(index, node)| read(index, node, errors))
        .collect();
    all.into_iter().collect()
}

/// A list that isn't empty.
pub(in crate::config) fn non_empty<T: Decode>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    filled(list(T::decode, node, at, errors), at, errors)
}

/// Refuses an empty list.
pub(in crate::config) fn filled<T>(
    list: Option<Vec<T>>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    let list = list?;
    if list.is_empty() {
        errors.push(at, "must not be empty");
        return None;
    }
    Some(list)
}

/// A list of records with distinct `name`s.
pub(in crate::config) fn distinct<T: Decode>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    let mut distinct = Distinct::default();
    entries(node, at, errors, |index, node, errors| {
        distinct.entry(node, index, at, errors)
    })
}

/// The names of the records of a list, so far.
pub(in crate::config) enum Distinct {
    /// Hashes only: they take little memory, and show that all names are distinct.
    Roughly(Vec<u64>, Seeded),
    /// Each name with the index of its last record. The table has the type of the cache's, so that the module has one copy of
    /// its code.
    Exactly(Map<Rc<[u8]>, usize>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exactly(Map::default())
    }
}

impl Distinct {
    /// A check for this many records that adds no errors.
    pub(in crate::config) fn roughly(count: usize) -> Self {
        Self::Roughly(Vec::with_capacity(count), Seeded::default())
    }

    /// Whether two names may be equal without an error for them.
    pub(in crate::config) fn leaves_doubt(self) -> bool {
        match self {
            Self::Exactly(_) => false,
            Self::Roughly(mut hashes, _) => {
                sort_by(&mut hashes, Ord::cmp);
                hashes
                    .windows(2)
                    .any(|pair| matches!(pair, [one, other] if one == other))
            }
        }
    }

    /// Adds a name with its index. Returns the index of an earlier record with this name.
    fn note(&mut self, name: &str, index: usize) -> Option<usize> {
        match self {
            Self::Exactly(indices) => indices.insert(name.as_bytes().into(), index),
            Self::Roughly(hashes, seed) => {
                hashes.push(seed.hash_one(name));
                None
            }
        }
    }

    /// Decodes the record at `index` of the list `at`.
    pub(in crate::config) fn entry<T: Decode>(
        &mut self,
        node: &Node<'_>,
        index: usize,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<T> {
        let here = at.index(index);
        let read = T::decode(node, &here, errors);
        let name = node.entry("name").and_then(Node::as_text);
        if let Some(first) = name.and_then(|name| self.note(name, index)) {
            let suggestion = format!("see `{}`", at.index(first));
            errors.suggest(&here.field("name"), "another one has this name", suggestion);
        }
        read
    }
}

/// A decoder of a key. It may normalise the key.
type NameDecoder = fn(&str, &Path<'_>, &mut ConfigErrors) -> Option<String>;

/// A map from names to values of one type.
pub(in crate::config) fn pairs<T>(
    read_name: NameDecoder,
    read_value: Decoder<T>,
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<T>>> {
    let Node::Map(entries) = node else {
        if matches!(node, Node::List(nodes) if nodes.iter().any(|one| one.entry("name").is_some()))
        {
            // The Gateway API and Envoy use a list here.
            let reason = "expected a map, found a list";
            errors.suggest(
                at,
                reason,
                "write `{NAME: VALUE}`, each name with its value",
            );
            return None;
        }
        return expected("a map", node, at, errors);
    };
    let mut seen = Set::default();
    let mut read = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let at = at.field(key);
        let name = read_name(key, &at, errors);
        if name.clone().is_some_and(|name| !seen.insert(name)) {
            errors.push(&at, "duplicate key");
        }
        let value = read_value(value, &at, errors);
        read.push(name.zip(value).map(|(name, value)| Named { name, value }));
    }
    read.into_iter().collect()
}

impl<T: Decode> Decode for Vec<Named<T>> {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        pairs(name, T::decode, node, at, errors)
    }
}

/// Any name that isn't empty.
pub(in crate::config) fn name(
    name: &str,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    if name.is_empty() {
        errors.push(at, "a name must not be empty");
        return None;
    }
    Some(name.to_owned())
}
