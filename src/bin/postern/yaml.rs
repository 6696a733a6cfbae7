//! YAML text as trees, one a document.

use std::borrow::Cow;
use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, StrInput, Tag};

use crate::literal::{Literal, literal};
use crate::tree::{DEEPEST, Entry, Mark, Style, Tree, Value};

/// Why a text can't be read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    pub(crate) at: Mark,
    pub(crate) reason: String,
}

/// How many parts all aliases together may repeat: ten lines of YAML can say a billion.
const MOST_REPEATED: usize = 1_000_000;

/// Reads every document of a file; empty ones are left out.
pub(crate) fn read(text: &str) -> Result<Vec<Tree<'_>>, Unreadable> {
    let mut reader = Reader {
        parser: Parser::new_from_str(text),
        anchors: HashMap::default(),
        repeated: 0,
    };
    let mut documents = Vec::new();
    loop {
        let (event, _) = reader.next()?;
        match event {
            Event::StreamEnd => return Ok(documents),
            Event::DocumentStart(_) => {
                reader.anchors.clear();
                let (event, span) = reader.next()?;
                let tree = reader.tree(event, span, 0)?;
                if !matches!(&tree.value, Value::Literal(literal) if literal == "null") {
                    documents.push(tree);
                }
            }
            // Between documents there is nothing that counts.
            Event::Nothing
            | Event::StreamStart
            | Event::DocumentEnd
            | Event::Alias(_)
            | Event::Scalar(..)
            | Event::SequenceStart(..)
            | Event::SequenceEnd
            | Event::MappingStart(..)
            | Event::MappingEnd => {}
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    anchors: HashMap<usize, Tree<'a>>,
    repeated: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span), Unreadable> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            Some(Err(error)) => Err(unreadable(mark(*error.marker()), error.info())),
            None => Ok((Event::StreamEnd, Span::default())),
        }
    }

    /// The tree that begins with `event`.
    fn tree(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Tree<'a>, Unreadable> {
        let at = mark(span.start);
        if depth > DEEPEST {
            return Err(unreadable(at, "nested too deeply"));
        }
        let (value, anchor) = match event {
            Event::Alias(anchor) => return self.repeat(anchor, at),
            Event::Scalar(text, style, anchor, tag) => {
                (scalar(text, style, tag.as_deref()), anchor)
            }
            Event::SequenceStart(anchor, _) => (Value::List(self.list(depth)?), anchor),
            Event::MappingStart(anchor, _) => (Value::Map(self.map(depth)?), anchor),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd
            | Event::SequenceEnd
            | Event::MappingEnd => return Err(unreadable(at, "the document ends too early")),
        };
        let tree = Tree { at, value };
        if anchor != 0 {
            self.anchors.insert(anchor, tree.clone());
        }
        Ok(tree)
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Tree<'a>>, Unreadable> {
        let mut list = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(list);
            }
            list.push(self.tree(event, span, depth.saturating_add(1))?);
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry<'a>>, Unreadable> {
        let mut entries = Vec::new();
        loop {
            let (event, span) = self.next()?;
            if event == Event::MappingEnd {
                return Ok(entries);
            }
            let key = self.tree(event, span, depth.saturating_add(1))?;
            let name = match key.value {
                Value::Text(text, _) => text,
                Value::Literal(literal) => literal,
                Value::List(_) | Value::Map(_) => {
                    return Err(unreadable(key.at, "a key must be text"));
                }
            };
            let (event, span) = self.next()?;
            let tree = self.tree(event, span, depth.saturating_add(1))?;
            entries.push(Entry {
                at: key.at,
                key: name,
                tree,
            });
        }
    }

    /// What an anchor stands for. Its parts keep the places where they were written.
    fn repeat(&mut self, anchor: usize, at: Mark) -> Result<Tree<'a>, Unreadable> {
        let Some(tree) = self.anchors.get(&anchor) else {
            return Err(unreadable(at, "an alias within what it stands for"));
        };
        self.repeated = self.repeated.saturating_add(parts(tree));
        if self.repeated > MOST_REPEATED {
            return Err(unreadable(at, "aliases repeat too much"));
        }
        Ok(tree.clone())
    }
}

fn parts(tree: &Tree<'_>) -> usize {
    let inner: usize = match &tree.value {
        Value::Literal(_) | Value::Text(..) => 0,
        Value::List(list) => list.iter().map(parts).fold(0, usize::saturating_add),
        Value::Map(entries) => entries
            .iter()
            .map(|entry| parts(&entry.tree))
            .fold(0, usize::saturating_add),
    };
    inner.saturating_add(1)
}

fn unreadable(at: Mark, reason: &str) -> Unreadable {
    Unreadable {
        at,
        reason: reason.to_owned(),
    }
}

fn mark(marker: Marker) -> Mark {
    Mark {
        line: marker.line().max(1),
        column: marker.col().saturating_add(1),
    }
}

fn scalar<'a>(text: Cow<'a, str>, style: ScalarStyle, tag: Option<&Tag>) -> Value<'a> {
    let style = match style {
        ScalarStyle::Plain => Style::Bare,
        ScalarStyle::SingleQuoted => return Value::Text(text, Style::Bare),
        ScalarStyle::DoubleQuoted => return Value::Text(text, Style::Quoted),
        ScalarStyle::Literal => return Value::Text(text, Style::Block),
        ScalarStyle::Folded => return Value::Text(text, Style::Folded),
    };
    if tag.is_some_and(|tag| tag.suffix == "str") {
        return Value::Text(text, style);
    }
    match literal(&text) {
        Some(Literal::Itself) => Value::Literal(text),
        Some(Literal::Written(json)) => Value::Literal(json.into()),
        None => Value::Text(text, style),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Vec<String> {
        read(text).unwrap().iter().map(Tree::to_json).collect()
    }

    /// The tool's `ecds` reads with another library: both mean the same.
    #[test]
    fn words() {
        for text in [
            "1",
            "-1",
            "+1",
            "0",
            "007",
            "1.5",
            "1e3",
            "0x1F",
            "0o17",
            "~",
            "null",
            "true",
            "True",
            "yes",
            "on",
            "1.2.3",
            "1s",
            "-",
            "a: b",
            "'1'",
            "\"a\\nb\"",
            "!!str 1",
            ".5",
            "1_000",
            "2024-01-01",
            "|\n  a\n  b\n",
            ">\n  a\n  b\n",
            "{a: [1, b, {c: }]}",
            "- a\n- - b\n",
        ] {
            let theirs: serde_yaml_ng::Value = serde_yaml_ng::from_str(text).unwrap();
            let theirs = serde_json::to_value(&theirs).unwrap();
            if theirs.is_null() {
                assert!(json(text).is_empty(), "{text}");
                continue;
            }
            let ours: serde_json::Value = serde_json::from_str(&json(text)[0]).unwrap();
            assert_eq!(ours, theirs, "{text}");
        }
    }

    #[test]
    fn documents_and_aliases() {
        let text = "a: &x [1]\nb: *x\n---\n---\nc: 2\n";
        assert_eq!(json(text), [r#"{"a":[1],"b":[1]}"#, r#"{"c":2}"#]);
    }

    #[test]
    fn what_is_no_yaml() {
        let deep = "[".repeat(100_000);
        let bomb = {
            let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
            for level in 1..10 {
                let last = level - 1;
                let list = vec![format!("*a{last}"); 10].join(", ");
                text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
            }
            text
        };
        for text in [
            "a: [",
            "a: b: c",
            "*x",
            "a: &x [*x]",
            "\t- a: {",
            &deep,
            &bomb,
            "? [a]\n: b",
        ] {
            assert!(read(text).is_err(), "{text:.40}");
        }
        assert_eq!(read("a: 1\nb: [\n").unwrap_err().at.line, 3);
    }

    #[test]
    fn places() {
        let tree =
            &read("a: 1\nroutes:\n  - name: x\n    'b c': [1, {é: 2}]\n    z: {a: 1, a: 2}\n")
                .unwrap()[0];
        for (path, line, column) in [
            ("", 1, 1),
            ("routes", 2, 1),
            ("routes[0]", 3, 5),
            ("routes[0].name", 3, 5),
            ("routes[0].missing", 3, 5),
            ("routes[0]['b c']", 4, 5),
            ("routes[0]['b c'][1]", 4, 16),
            ("routes[0]['b c'][1]['é']", 4, 17),
            ("routes[0].z.a", 5, 15),
            ("routes[7]", 2, 1),
        ] {
            let found = tree.locate(path, crate::tree::Which::Last);
            assert_eq!((found.line, found.column), (line, column), "{path}");
        }
    }
}
