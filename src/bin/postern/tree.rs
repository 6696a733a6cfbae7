//! A document as it was written, every part with its place: what JSON text is made of, and where its paths lead back to.

use std::borrow::Cow;
use std::fmt::Write as _;

use postern::config::Path;

/// A place in a file: line and column, from 1, in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Mark {
    /// The beginning of a file.
    pub(crate) const START: Self = Self { line: 1, column: 1 };
}

/// How a text was written: by that, places in the text are found again in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// As it is, or in single quotes.
    Bare,
    /// In double quotes, with escapes.
    Quoted,
    /// A block of lines (`|`).
    Block,
    /// A block whose lines were joined (`>`).
    Folded,
}

/// One part of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tree<'a> {
    pub(crate) at: Mark,
    pub(crate) value: Value<'a>,
}

/// What it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Neither text, list nor map: as JSON writes it.
    Literal(Cow<'a, str>),
    Text(Cow<'a, str>, Style),
    List(Vec<Tree<'a>>),
    Map(Vec<Entry<'a>>),
}

/// One entry of a map. A key may come twice: whoever reads the JSON text refuses it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry<'a> {
    pub(crate) at: Mark,
    pub(crate) key: Cow<'a, str>,
    pub(crate) tree: Tree<'a>,
}

/// Which of two entries with one key is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    First,
    Last,
}

/// The deepest nesting that is read: no more than the filter takes.
pub(crate) const DEEPEST: usize = 128;

impl<'a> Tree<'a> {
    /// The entry of a map, by any of its names: protobuf's JSON has two for each field.
    pub(crate) fn entry(&self, names: &[&str]) -> Option<&Entry<'a>> {
        let Value::Map(entries) = &self.value else {
            return None;
        };
        entries.iter().find(|entry| names.contains(&&*entry.key))
    }

    /// The value of that entry.
    pub(crate) fn field(&self, names: &[&str]) -> Option<&Self> {
        self.entry(names).map(|entry| &entry.tree)
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text, _) => Some(text),
            Value::Literal(_) | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The whole as JSON text.
    pub(crate) fn to_json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    fn write(&self, out: &mut String) {
        match &self.value {
            Value::Literal(literal) => out.push_str(literal),
            Value::Text(text, _) => quote(text, out),
            Value::List(list) => {
                out.push('[');
                for (at, tree) in list.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    tree.write(out);
                }
                out.push(']');
            }
            Value::Map(entries) => {
                out.push('{');
                for (at, entry) in entries.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    quote(&entry.key, out);
                    out.push(':');
                    entry.tree.write(out);
                }
                out.push('}');
            }
        }
    }

    /// Where `path` (as errors write it) stands: an entry of a map at its key, as deep as there is anything.
    pub(crate) fn locate(&self, path: &str, which: Which) -> Mark {
        let (mut tree, mut rest, mut mark) = (self, path, self.at);
        while let Some((at, next, after)) = tree.step(rest, which) {
            (mark, tree, rest) = (at, next, after);
        }
        mark
    }

    /// One step of a path: where it leads, and what is left of it.
    fn step<'s>(&'s self, path: &'s str, which: Which) -> Option<(Mark, &'s Self, &'s str)> {
        match &self.value {
            Value::List(list) => {
                let (index, rest) = path.strip_prefix('[')?.split_once(']')?;
                let tree = list.get(index.parse::<usize>().ok()?)?;
                Some((tree.at, tree, rest))
            }
            Value::Map(entries) => {
                let path = path.strip_prefix('.').unwrap_or(path);
                let mut found = entries.iter().filter_map(|entry| {
                    let written = Path::Root.field(&entry.key).to_string();
                    let rest = path.strip_prefix(&*written)?;
                    let whole = rest.is_empty() || rest.starts_with(['.', '[']);
                    whole.then_some((entry.at, &entry.tree, rest))
                });
                match which {
                    Which::Last => found.next_back(),
                    Which::First => found.next(),
                }
            }
            Value::Literal(_) | Value::Text(..) => None,
        }
    }
}

/// Text as JSON writes it.
pub(crate) fn quote(text: &str, out: &mut String) {
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
    fn quoting() {
        for text in ["", "plain", "a\"b\\c", "\n\t\u{0}", "é\u{1f600}\u{7f}"] {
            let mut out = String::new();
            quote(text, &mut out);
            let read: String = serde_json::from_str(&out).unwrap();
            assert_eq!(read, text, "{out}");
        }
    }
}
