//! JSON text as nodes. The filter reads JSON, in a StringValue too.

use std::borrow::Cow;

use super::SyntaxError;
use super::node::{MAX_DEPTH, MapEntry, Node, Position, Style, Value};

/// Reads one JSON value.
pub(crate) fn read(text: &str) -> Result<Node<'_>, SyntaxError> {
    let mut reader = Reader {
        rest: text,
        at: Position::START,
    };
    let node = reader.node(0)?;
    reader.blanks();
    if reader.rest.is_empty() {
        Ok(node)
    } else {
        Err(reader.error("there is more text after the value"))
    }
}

struct Reader<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Reader<'a> {
    fn error(&self, reason: &str) -> SyntaxError {
        SyntaxError::new(self.at, reason)
    }

    /// Takes `length` bytes. They hold no line break, and end with a character.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .unwrap_or((self.rest, ""));
        self.rest = rest;
        let characters = if taken.is_ascii() {
            taken.len()
        } else {
            taken.chars().count()
        };
        self.at.column = self.at.column.saturating_add(characters);
        taken
    }

    fn blanks(&mut self) {
        loop {
            match self.rest.as_bytes().first() {
                Some(b'\n') => {
                    self.rest = self.rest.get(1..).unwrap_or_default();
                    self.at.line = self.at.line.saturating_add(1);
                    self.at.column = 1;
                }
                Some(b' ' | b'\t' | b'\r') => {
                    self.take(1);
                }
                _ => return,
            }
        }
    }

    /// Takes `byte` if it is the next one after blanks.
    fn accept(&mut self, byte: u8) -> bool {
        self.blanks();
        let found = self.rest.as_bytes().first() == Some(&byte);
        if found {
            self.take(1);
        }
        found
    }

    fn node(&mut self, depth: usize) -> Result<Node<'a>, SyntaxError> {
        self.blanks();
        let at = self.at;
        if depth > MAX_DEPTH {
            return Err(self.error("nested too deeply"));
        }
        let value = match self.rest.as_bytes().first() {
            Some(b'"') => Value::Text(self.text()?, Style::DoubleQuoted),
            Some(b'[') => Value::List(self.list(depth)?),
            Some(b'{') => Value::Map(self.map(depth)?),
            Some(_) => Value::Literal(self.literal()?.into()),
            None => return Err(self.error("a value is missing")),
        };
        Ok(Node { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Node<'a>>, SyntaxError> {
        self.take(1);
        let mut list = Vec::new();
        if self.accept(b']') {
            return Ok(list);
        }
        loop {
            list.push(self.node(depth.saturating_add(1))?);
            if self.accept(b']') {
                return Ok(list);
            }
            if !self.accept(b',') {
                return Err(self.error("expected `,` or `]`"));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<MapEntry<'a>>, SyntaxError> {
        self.take(1);
        let mut entries = Vec::new();
        if self.accept(b'}') {
            return Ok(entries);
        }
        loop {
            self.blanks();
            let at = self.at;
            if self.rest.as_bytes().first() != Some(&b'"') {
                return Err(self.error("expected a key in quotes"));
            }
            let key = self.text()?;
            if !self.accept(b':') {
                return Err(self.error("expected `:`"));
            }
            let node = self.node(depth.saturating_add(1))?;
            entries.push(MapEntry { at, key, node });
            if self.accept(b'}') {
                return Ok(entries);
            }
            if !self.accept(b',') {
                return Err(self.error("expected `,` or `}`"));
            }
        }
    }

    /// A text in quotes. `serde_json` reads its escapes.
    fn text(&mut self) -> Result<Cow<'a, str>, SyntaxError> {
        let mut escaped = false;
        let mut escapes = false;
        let end = self.rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !escaped;
            escaped = byte == b'\\' && !escaped;
            escapes |= escaped;
            ends || byte < b' '
        });
        let quoted = end.and_then(|end| self.rest.get(..end.saturating_add(2)));
        let Some(quoted) = quoted.filter(|quoted| quoted.ends_with('"')) else {
            return Err(self.error("a text has no closing quote, or has a control character"));
        };
        let inner = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        let text = if escapes {
            let read = serde_json::from_str::<String>(quoted);
            Cow::Owned(read.map_err(|_| self.error("a text has an unknown escape"))?)
        } else {
            Cow::Borrowed(inner)
        };
        self.take(quoted.len());
        Ok(text)
    }

    fn literal(&mut self) -> Result<&'a str, SyntaxError> {
        let is_end =
            |byte: u8| matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace();
        let end = self
            .rest
            .bytes()
            .position(is_end)
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        let good = matches!(word, "true" | "false" | "null")
            || serde_json::from_str::<serde_json::Number>(word).is_ok();
        if !good {
            return Err(self.error("not a JSON value"));
        }
        Ok(self.take(end))
    }
}

#[cfg(test)]
mod tests {
    use super::super::node::DuplicateKey;
    use super::*;

    #[test]
    fn reads_json() {
        let text =
            " {\"a\\n\": [1, -2.5e3, true,\n null, \"\\ud83d\\ude00\\\"\"], \"é\": {}, \"é\": []} ";
        let node = read(text).unwrap();
        let expected: serde_json::Value = serde_json::from_str(text).unwrap();
        let actual: serde_json::Value = serde_json::from_str(&node.to_json()).unwrap();
        assert_eq!(actual, expected);
        let found = node.locate("['é']", DuplicateKey::Last);
        assert_eq!((found.line, found.column), (2, 36));
    }

    #[test]
    fn refuses_what_is_not_json() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            "{",
            "[1,]",
            "{\"a\"}",
            "{a: 1}",
            "\"a",
            "\"\n\"",
            "\"\\x\"",
            "1 2",
            "01",
            "[1 2]",
            "{\"a\": 1,}",
            "\"\\",
            &deep,
        ] {
            assert!(read(text).is_err(), "{text:.40}");
        }
        let error = read("{\"a\": 1,\n  b: 2}").unwrap_err();
        assert_eq!((error.at.line, error.at.column), (2, 3));
    }
}
