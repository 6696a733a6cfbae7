//! The parts of a document, each with its position in the file.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;

use postern::config::Path;

use super::scalar::Ambiguity;

/// A position in a file: line and column, both from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    /// The beginning of a file.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// How a text is written in the file. Positions within the text are found by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes, or in single quotes.
    Plain,
    /// In double quotes, with escapes.
    DoubleQuoted,
    /// A block of lines (`|`).
    Literal,
    /// A block of lines that are joined (`>`).
    Folded,
}

/// One part of a document: a scalar, a list or a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    pub(crate) at: Position,
    pub(crate) value: Value<'a>,
}

/// The value of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number, a boolean or null, as JSON writes it.
    Literal(Cow<'a, str>),
    Text(Cow<'a, str>, Style),
    List(Vec<Node<'a>>),
    /// In the order of the file. A key can be there twice.
    Map(Vec<MapEntry<'a>>),
}

/// One entry of a map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct MapEntry<'a> {
    /// The position of the key.
    pub(crate) at: Position,
    pub(crate) key: Cow<'a, str>,
    pub(crate) node: Node<'a>,
}

/// Which of two entries with one key a path means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum DuplicateKey {
    First,
    Last,
}

/// The deepest nesting that is read. The filter's own limit is the same.
pub(crate) const MAX_DEPTH: usize = 128;

impl<'a> Node<'a> {
    /// The entry of a map that has one of these keys. (Protobuf's JSON has two names for each field.)
    pub(crate) fn entry(&self, keys: &[&str]) -> Option<&MapEntry<'a>> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries.iter().find(|entry| keys.contains(&&*entry.key))
    }

    /// The value of that entry.
    pub(crate) fn field(&self, keys: &[&str]) -> Option<&Self> {
        self.entry(keys).map(|entry| &entry.node)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text, _) => Some(text),
            Value::Literal(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The node as JSON text, with the keys in their order.
    pub(crate) fn to_json(&self) -> String {
        self.to_json_with(&BTreeMap::new())
    }

    /// The same, where kubectl has read the file: `ambiguities` are what it reads differently.
    pub(super) fn to_json_with(&self, ambiguities: &BTreeMap<Position, Ambiguity>) -> String {
        let mut out = String::new();
        self.write(&mut out, ambiguities);
        out
    }

    fn write(&self, out: &mut String, ambiguities: &BTreeMap<Position, Ambiguity>) {
        let replacement = |at: Position| ambiguities.get(&at)?.kubectl.as_deref();
        match &self.value {
            Value::Literal(literal) => out.push_str(literal),
            Value::Text(text, Style::Plain) => match replacement(self.at) {
                Some(json) => out.push_str(json),
                None => quote(text, out),
            },
            Value::Text(text, _) => quote(text, out),
            Value::List(list) => {
                out.push('[');
                for (at, node) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    node.write(out, ambiguities);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (at, entry) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(replacement(entry.at).unwrap_or(&entry.key), out);
                    out.push(':');
                    entry.node.write(out, ambiguities);
                }
                out.push('}');
            }
        }
    }

    /// The position of `path`, written as the filter's errors write it: for an entry of a map the position of its key. A path
    /// that leads nowhere has the position of its longest part that leads somewhere.
    pub(crate) fn locate(&self, path: &str, duplicate_key: DuplicateKey) -> Position {
        let (mut node, mut rest, mut position) = (self, path, self.at);
        while let Some((at, next, after)) = node.step(rest, duplicate_key) {
            (position, node, rest) = (at, next, after);
        }
        position
    }

    /// Follows one step of a path: the position and the node there, and the rest of the path.
    fn step<'s>(
        &'s self,
        path: &'s str,
        duplicate_key: DuplicateKey,
    ) -> Option<(Position, &'s Self, &'s str)> {
        match &self.value {
            Value::List(list) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let node = list.get(index.parse::<usize>().ok()?)?;
                Some((node.at, node, rest))
            }
            Value::Map(entries) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let mut found = entries.iter().filter_map(|entry| {
                    let written = Path::Root.field(&entry.key).to_string();
                    let rest = path.strip_prefix(&*written)?;
                    let is_whole = rest.is_empty() || rest.starts_with(['.', '[']);
                    is_whole.then_some((entry.at, &entry.node, rest))
                });
                match duplicate_key {
                    DuplicateKey::Last => found.next_back(),
                    DuplicateKey::First => found.next(),
                }
            }
            Value::Literal(_) | Value::Text(..) => None,
        }
    }

    /// Calls `found` for this node and for every node and key in it, with its position and its path.
    pub(super) fn visit(&self, path: &Path<'_>, found: &mut dyn FnMut(Position, &Path<'_>)) {
        found(self.at, path);
        match &self.value {
            Value::Literal(_) | Value::Text(..) => {}
            Value::List(list) => {
                for (index, node) in list.iter().enumerate() {
                    node.visit(&path.index(index), found);
                }
            }
            Value::Map(entries) => {
                for entry in entries {
                    let path = path.field(&entry.key);
                    found(entry.at, &path);
                    entry.node.visit(&path, found);
                }
            }
        }
    }

    /// The positions of the keys that are in their maps already.
    pub(crate) fn duplicate_keys(&self) -> Vec<Position> {
        let mut found = Vec::new();
        self.collect_duplicate_keys(&mut found);
        found
    }

    fn collect_duplicate_keys(&self, found: &mut Vec<Position>) {
        match &self.value {
            Value::Literal(_) | Value::Text(..) => {}
            Value::List(list) => {
                for node in list {
                    node.collect_duplicate_keys(found);
                }
            }
            Value::Map(entries) => {
                let mut known = HashSet::with_capacity(entries.len());
                for entry in entries {
                    if !known.insert(&*entry.key) {
                        found.push(entry.at);
                    }
                    entry.node.collect_duplicate_keys(found);
                }
            }
        }
    }
}

/// Appends `text` as JSON writes it.
fn quote(text: &str, out: &mut String) {
    out.push('"');
    let mut rest = text;
    let special = |byte: u8| matches!(byte, b'"' | b'\\' | 0..=0x1f);
    while let Some(at) = rest.bytes().position(special) {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut characters = after.chars();
        match characters.next() {
            Some(escaped @ ('"' | '\\')) => {
                out.push('\\');
                out.push(escaped);
            }
            Some(control) => {
                let _ = write!(out, "\\u{:04x}", u32::from(control));
            }
            None => {}
        }
        rest = characters.as_str();
    }
    out.push_str(rest);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_text_as_json_does() {
        for text in ["", "plain", "a\"b\\c", "\n\t\u{0}", "é\u{1f600}\u{7f}"] {
            let mut out = String::new();
            quote(text, &mut out);
            let read: String = serde_json::from_str(&out).unwrap();
            assert_eq!(read, text, "{out}");
        }
    }
}
