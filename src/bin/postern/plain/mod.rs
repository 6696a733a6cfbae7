//! The plain part of YAML, read in one go: lists and maps in block style, lists and maps in brackets, scalars of one line,
//! comments. Policies are written in little else, and a large one is read here in a fraction of the time that the whole
//! language takes. Whatever is something else, or might be, is left to `yaml`; what is read means the same there.

mod flow;
mod scalar;
mod sink;

use crate::tree::Value;
pub(crate) use sink::{Json, Kind, Sink, Trees};

/// Reads every document of a text into `sink`; nothing where the text isn't plain, whatever `sink` has got by then.
pub(crate) fn read<'a>(text: &'a str, sink: &mut impl Sink<'a>) -> Option<()> {
    let odd = |byte: u8| (byte < b' ' && byte != b'\n') || byte == 0x7f;
    // Line ends of other kinds, marks of the byte order, and what can't be printed.
    let foreign = |character: char| {
        matches!(
            character,
            '\u{80}'..='\u{9f}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}'
        )
    };
    // Without leaving early the processor looks at many bytes at once.
    if text.bytes().fold(false, |found, byte| found | odd(byte))
        || (!text.is_ascii() && text.chars().any(foreign))
    {
        return None;
    }
    let mut reader = Reader { text, at: 0, sink };
    reader.documents()
}

/// Stands for what comes after the last byte.
const END: u8 = 0;

/// The deepest nesting that is read here.
const DEEPEST: usize = 60;

/// The longest key that is read here, in bytes: the language has a limit (YAML 1.2.2 §7.4.2).
const LONGEST_KEY: usize = 1000;

/// How far a line is indented; `None`: the document has no further line. That is less than any indentation.
type Indent = Option<usize>;

/// A key with its place.
type Key<'a> = (usize, Value<'a>);

struct Reader<'a, 's, S> {
    text: &'a str,
    /// In bytes, as all places here.
    at: usize,
    sink: &'s mut S,
}

impl<'a, S: Sink<'a>> Reader<'a, '_, S> {
    fn byte(&self, at: usize) -> u8 {
        self.text.as_bytes().get(at).copied().unwrap_or(END)
    }

    fn peek(&self) -> u8 {
        self.byte(self.at)
    }

    fn step(&mut self, bytes: usize) {
        self.at = self.at.saturating_add(bytes);
    }

    fn blanks(&mut self) {
        while self.peek() == b' ' {
            self.step(1);
        }
    }

    fn comment(&mut self) {
        while !matches!(self.peek(), b'\n' | END) {
            self.step(1);
        }
    }

    fn documents(&mut self) -> Option<()> {
        loop {
            let mut first = self.line()?;
            if first.is_none() && self.peek() != END {
                self.step(3);
                first = self.line()?;
            }
            match first {
                Some(column) if self.block(column, 0)?.is_some() => return None,
                None if self.peek() == END => return Some(()),
                Some(_) | None => {}
            }
        }
    }

    /// To the first thing of the next line that has any. It stays before a line that ends the document.
    fn line(&mut self) -> Option<Indent> {
        let indent = loop {
            let start = self.at;
            self.blanks();
            match self.peek() {
                b'\n' => self.step(1),
                b'#' => self.comment(),
                END => return Some(None),
                _ => break self.at.saturating_sub(start),
            }
        };
        let rest = self.text.get(self.at..)?;
        if indent == 0 && (rest.starts_with("---") || rest.starts_with("...")) {
            let border =
                rest.starts_with('-') && matches!(rest.as_bytes().get(3), None | Some(b'\n'));
            return border.then_some(None);
        }
        Some(Some(indent))
    }

    /// The same, from the end of something: nothing else may stand in its line.
    fn next_line(&mut self) -> Option<Indent> {
        self.blanks();
        match self.peek() {
            b'\n' | END => {}
            b'#' if self.begins_comment() => self.comment(),
            _ => return None,
        }
        self.line()
    }

    /// Whether the sign here would be a comment's: a blank stands before it, or nothing.
    fn begins_comment(&self) -> bool {
        matches!(self.byte(self.at.saturating_sub(1)), b' ' | b'\n')
    }

    /// Whether nothing but a comment is left of this line.
    fn ends(&self) -> bool {
        matches!(self.peek(), b'\n' | b'#' | END)
    }

    /// Whether an item of a list begins here.
    fn dash(&self) -> bool {
        self.peek() == b'-' && matches!(self.byte(self.at.saturating_add(1)), b' ' | b'\n' | END)
    }

    /// The list or map that a line begins with, and the indentation of the line after it.
    fn block(&mut self, column: usize, depth: usize) -> Option<Indent> {
        if self.dash() {
            return self.list(column, depth);
        }
        let at = self.at;
        let value = self.scalar(false)?;
        if !self.colon() {
            return None;
        }
        self.map(column, (at, value), depth)
    }

    fn list(&mut self, column: usize, depth: usize) -> Option<Indent> {
        if depth > DEEPEST {
            return None;
        }
        self.sink.open(self.at, Kind::List);
        self.items(column, depth)
    }

    /// The same, where it stands in the column of its key. It is said to begin with what its first item holds.
    fn list_below_key(&mut self, column: usize, depth: usize) -> Option<Indent> {
        let mut first = self.at.saturating_add(1);
        while self.byte(first) == b' ' {
            first = first.saturating_add(1);
        }
        if depth > DEEPEST || matches!(self.byte(first), b'\n' | b'#' | END) {
            return None;
        }
        self.sink.open(first, Kind::List);
        self.items(column, depth)
    }

    /// From the first dash of a list.
    fn items(&mut self, column: usize, depth: usize) -> Option<Indent> {
        loop {
            let dash = self.at;
            self.step(1);
            self.blanks();
            let next = if self.ends() {
                let inner = self.next_line()?.filter(|inner| *inner > column)?;
                self.block(inner, depth.saturating_add(1))?
            } else {
                let inner = column.saturating_add(self.at.saturating_sub(dash));
                self.item(column, inner, depth.saturating_add(1))?
            };
            if next > Some(column) {
                return None;
            }
            if next < Some(column) || !self.dash() {
                self.sink.close();
                return Some(next);
            }
        }
    }

    /// What stands behind the dash in `column`: a map or a list would have the column `inner`.
    fn item(&mut self, column: usize, inner: usize, depth: usize) -> Option<Indent> {
        if self.dash() {
            return self.list(inner, depth);
        }
        if matches!(self.peek(), b'[' | b'{') {
            return self.value(column, depth);
        }
        let at = self.at;
        let value = self.scalar(false)?;
        if self.colon() {
            return self.map(inner, (at, value), depth);
        }
        self.sink.scalar(at, value);
        self.next_line()
    }

    /// The map whose first key has been read.
    fn map(&mut self, column: usize, first: Key<'a>, depth: usize) -> Option<Indent> {
        if depth > DEEPEST {
            return None;
        }
        self.sink.open(first.0, Kind::Map);
        let mut key = first;
        loop {
            self.sink.key(key.0, name(key.1)?);
            self.step(1);
            self.blanks();
            let next = if self.ends() {
                let inner = self.next_line()??;
                if inner > column {
                    self.block(inner, depth.saturating_add(1))?
                } else if inner == column && self.dash() {
                    self.list_below_key(inner, depth.saturating_add(1))?
                } else {
                    return None;
                }
            } else {
                self.value(column, depth.saturating_add(1))?
            };
            if next > Some(column) {
                return None;
            }
            if next < Some(column) {
                self.sink.close();
                return Some(next);
            }
            let at = self.at;
            key = (at, self.scalar(false)?);
            if !self.colon() {
                return None;
            }
        }
    }

    /// What stands in the line of its key or dash, and is no block. A line that is indented more would go on with it.
    fn value(&mut self, column: usize, depth: usize) -> Option<Indent> {
        if matches!(self.peek(), b'[' | b'{') {
            self.flow(column, depth)?;
        } else {
            let at = self.at;
            let value = self.scalar(false)?;
            self.sink.scalar(at, value);
        }
        self.next_line()
    }

    /// Goes to the colon behind a key, where there is one.
    fn colon(&mut self) -> bool {
        let mut at = self.at;
        while self.byte(at) == b' ' {
            at = at.saturating_add(1);
        }
        let after = self.byte(at.saturating_add(1));
        let found = self.byte(at) == b':' && matches!(after, b' ' | b'\n' | END);
        if found {
            self.at = at;
        }
        found
    }
}

/// A key's text.
fn name(key: Value<'_>) -> Option<std::borrow::Cow<'_, str>> {
    match key {
        Value::Text(text, _) | Value::Literal(text) => (text.len() <= LONGEST_KEY).then_some(text),
        Value::List(_) | Value::Map(_) => None,
    }
}

#[cfg(test)]
mod tests;
