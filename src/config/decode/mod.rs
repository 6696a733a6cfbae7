//! From nodes to values: each decoder notes what is wrong and goes on, so that all errors are told at once.
//! No error quotes a value: it may be a secret.

#[macro_use]
mod macros;

mod nearest;
pub(in crate::config) mod node;
mod other_gateways;
pub(in crate::config) mod record;

use std::hash::BuildHasher;

use crate::config::decode::nearest::{listed, nearest};
use crate::config::decode::node::Node;
use crate::config::{ConfigErrors, Path};
use crate::hash::{Map, Seeded, Set};

/// What can be read from a document.
pub(in crate::config) trait Decode: Sized {
    /// The value, or `None` after noting at least one error.
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self>;
}

/// Something under a name of its own, in the order of writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named<T> {
    /// The name: unique among its neighbours, not empty.
    pub name: String,
    /// What it names.
    pub value: T,
}

/// Notes that something else was expected.
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

/// Notes that one of some words was expected.
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

/// Any JSON value; duplicate keys in it are errors all the same.
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
                // One by one: `collect` would bring a sort of its own into the module, 9 kB.
                for Named { name, value } in entries {
                    object.insert(name, value);
                }
                Self::Object(object)
            }
        })
    }
}

/// What decodes one value.
type Decoder<T> = fn(&Node<'_>, &Path<'_>, &mut ConfigErrors) -> Option<T>;

/// A list whose entries are read by `decoder`.
pub(in crate::config) fn list<T>(
    decoder: Decoder<T>,
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    let Node::List(nodes) = node else {
        return expected("a list", node, at, errors);
    };
    let entries = nodes.iter().enumerate();
    let read: Vec<Option<T>> = entries
        .map(|(index, node)| decoder(node, &at.index(index), errors))
        .collect();
    read.into_iter().collect()
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

/// A list of records whose `name`s differ.
pub(in crate::config) fn distinct<T: Decode>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<T>> {
    let Node::List(nodes) = node else {
        return expected("a list", node, at, errors);
    };
    let mut distinct = Distinct::default();
    let entries = nodes.iter().enumerate();
    let read: Vec<Option<T>> = entries
        .map(|(index, node)| distinct.entry(node, index, at, errors))
        .collect();
    read.into_iter().collect()
}

/// The names of a list's records so far.
pub(in crate::config) enum Distinct {
    /// By a hash: small, but good for nothing than to see that no two are alike.
    Roughly(Vec<u64>, Seeded),
    /// Each with the place where it stood last.
    Exactly(Map<Box<str>, usize>),
}

impl Default for Distinct {
    fn default() -> Self {
        Self::Exactly(Map::default())
    }
}

impl Distinct {
    /// For so many records; the errors about names are left out.
    pub(in crate::config) fn roughly(count: usize) -> Self {
        Self::Roughly(Vec::with_capacity(count), Seeded::default())
    }

    /// Whether two names may be alike that no error was told about.
    pub(in crate::config) fn leaves_doubt(self) -> bool {
        match self {
            Self::Exactly(_) => false,
            Self::Roughly(mut hashes, _) => {
                hashes.sort_unstable();
                hashes
                    .windows(2)
                    .any(|pair| matches!(pair, [one, other] if one == other))
            }
        }
    }

    /// Notes a name, and where it stands: the place where it stood before.
    fn note(&mut self, name: &str, index: usize) -> Option<usize> {
        match self {
            Self::Exactly(places) => places.insert(name.into(), index),
            Self::Roughly(hashes, seed) => {
                hashes.push(seed.hash_one(name));
                None
            }
        }
    }

    /// Reads the record that is the entry `index` of the list `at`.
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

/// What reads a key: it may fold it.
type NameDecoder = fn(&str, &Path<'_>, &mut ConfigErrors) -> Option<String>;

/// A map whose keys are names, and whose values are of one kind.
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
            // As the Gateway API and Envoy have it.
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

/// A name that may be anything but empty.
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
