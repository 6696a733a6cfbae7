//! JSON text as a tree: the filter's own language, and what stands in a StringValue.

use std::borrow::Cow;

use crate::tree::{DEEPEST, Entry, Mark, Style, Tree, Value};
use crate::yaml::Unreadable;

/// Reads one JSON value.
pub(crate) fn read(text: &str) -> Result<Tree<'_>, Unreadable> {
    let mut reader = Reader {
        rest: text,
        at: Mark::START,
    };
    let tree = reader.tree(0)?;
    reader.blanks();
    if reader.rest.is_empty() {
        Ok(tree)
    } else {
        Err(reader.wrong("something stands after the value"))
    }
}

struct Reader<'a> {
    rest: &'a str,
    at: Mark,
}

impl<'a> Reader<'a> {
    fn wrong(&self, reason: &str) -> Unreadable {
        Unreadable {
            at: self.at,
            reason: reason.to_owned(),
        }
    }

    /// Takes `length` bytes, none of them a line break, and all whole characters.
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

    /// Takes this sign, where it is the next.
    fn sign(&mut self, sign: u8) -> bool {
        self.blanks();
        let found = self.rest.as_bytes().first() == Some(&sign);
        if found {
            self.take(1);
        }
        found
    }

    fn tree(&mut self, depth: usize) -> Result<Tree<'a>, Unreadable> {
        self.blanks();
        let at = self.at;
        if depth > DEEPEST {
            return Err(self.wrong("nested too deeply"));
        }
        let value = match self.rest.as_bytes().first() {
            Some(b'"') => Value::Text(self.text()?, Style::Quoted),
            Some(b'[') => Value::List(self.list(depth)?),
            Some(b'{') => Value::Map(self.map(depth)?),
            Some(_) => Value::Literal(self.literal()?.into()),
            None => return Err(self.wrong("a value is missing")),
        };
        Ok(Tree { at, value })
    }

    fn list(&mut self, depth: usize) -> Result<Vec<Tree<'a>>, Unreadable> {
        self.take(1);
        let mut list = Vec::new();
        if self.sign(b']') {
            return Ok(list);
        }
        loop {
            list.push(self.tree(depth.saturating_add(1))?);
            if self.sign(b']') {
                return Ok(list);
            }
            if !self.sign(b',') {
                return Err(self.wrong("expected `,` or `]`"));
            }
        }
    }

    fn map(&mut self, depth: usize) -> Result<Vec<Entry<'a>>, Unreadable> {
        self.take(1);
        let mut entries = Vec::new();
        if self.sign(b'}') {
            return Ok(entries);
        }
        loop {
            self.blanks();
            let at = self.at;
            if self.rest.as_bytes().first() != Some(&b'"') {
                return Err(self.wrong("expected a key in quotes"));
            }
            let key = self.text()?;
            if !self.sign(b':') {
                return Err(self.wrong("expected `:`"));
            }
            let tree = self.tree(depth.saturating_add(1))?;
            entries.push(Entry { at, key, tree });
            if self.sign(b'}') {
                return Ok(entries);
            }
            if !self.sign(b',') {
                return Err(self.wrong("expected `,` or `}`"));
            }
        }
    }

    /// A text in quotes; its escapes are serde's business.
    fn text(&mut self) -> Result<Cow<'a, str>, Unreadable> {
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
            return Err(self.wrong("a text without its end, or with a control byte"));
        };
        let inner = quoted
            .get(1..quoted.len().saturating_sub(1))
            .unwrap_or_default();
        let text = if escapes {
            let read = serde_json::from_str::<String>(quoted);
            Cow::Owned(read.map_err(|_| self.wrong("a text with a bad escape"))?)
        } else {
            Cow::Borrowed(inner)
        };
        self.take(quoted.len());
        Ok(text)
    }

    fn literal(&mut self) -> Result<&'a str, Unreadable> {
        let border =
            |byte: u8| matches!(byte, b',' | b']' | b'}' | b':') || byte.is_ascii_whitespace();
        let end = self
            .rest
            .bytes()
            .position(border)
            .unwrap_or(self.rest.len());
        let word = self.rest.get(..end).unwrap_or_default();
        let good = matches!(word, "true" | "false" | "null")
            || serde_json::from_str::<serde_json::Number>(word).is_ok();
        if !good {
            return Err(self.wrong("not a JSON value"));
        }
        Ok(self.take(end))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_read() {
        let text =
            " {\"a\\n\": [1, -2.5e3, true,\n null, \"\\ud83d\\ude00\\\"\"], \"é\": {}, \"é\": []} ";
        let tree = read(text).unwrap();
        let theirs: serde_json::Value = serde_json::from_str(text).unwrap();
        let ours: serde_json::Value = serde_json::from_str(&tree.to_json()).unwrap();
        assert_eq!(ours, theirs);
        let found = tree.locate("['é']", crate::tree::Which::Last);
        assert_eq!((found.line, found.column), (2, 36));
    }

    #[test]
    fn what_is_no_json() {
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
        let wrong = read("{\"a\": 1,\n  b: 2}").unwrap_err();
        assert_eq!((wrong.at.line, wrong.at.column), (2, 3));
    }
}
