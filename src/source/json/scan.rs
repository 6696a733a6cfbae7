//! Scans the text of a large JSON document in slices.

use std::ops::Range;

use serde_json::Value;

use crate::source::SourceError;
use crate::strict_json;

use super::extent::{Container, Extent, LONGEST, extent, is_blank, string_end, window};

/// The longest array or object, in bytes, that is returned whole for the JSON library to read. A longer one is opened.
pub(in crate::source) const WHOLE: usize = 16 << 10;

/// The byte order mark that some programs put before UTF-8. RFC 8259 §8.1 allows a reader to ignore it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text without its byte order mark.
pub(in crate::source) fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}
/// The cost of a token beside its bytes: `[[],[],…]` and `{"a":0,"b":0,…}` consist mostly of tokens.
const TOKEN: usize = 16;

/// How many blanks are skipped in one go.
const BLANKS: usize = 16 << 10;

/// How deep values may nest: the limit of the JSON library.
const DEEPEST: usize = 127;

/// The next token in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::source) enum Token {
    /// An array or an object begins that is not returned whole.
    Open(Container),
    /// It ends.
    Close,
    /// The name of a member with its quotes. It may be no JSON.
    Key(Range<usize>),
    /// A whole value. It may be no JSON.
    Value(Range<usize>),
    /// Only blanks so far.
    Blank,
    /// The document ends.
    End,
}

#[derive(Clone, Copy, Debug)]
enum Expect {
    Value,
    /// The first part of an array or object, or its end.
    First(Container),
    /// A comma, or the end of the open array or object.
    Next,
    Key,
    /// The colon and the value of this name.
    Colon(usize, usize),
    /// Only blanks.
    Nothing,
}

/// The position of the next value.
pub(in crate::source) enum NextValue {
    /// It begins there.
    At(usize),
    /// There are only blanks so far.
    Blank,
    /// Something else comes next.
    Other,
}

/// What follows after blanks.
enum Peek {
    Byte(u8),
    /// More of them.
    Blank,
    End,
}

/// A position in a text, and the arrays and objects that are open there. The text is not held: it is the same each
/// time.
#[derive(Debug)]
pub(in crate::source) struct Scanner {
    at: usize,
    open: Vec<Container>,
    expect: Expect,
    cost: usize,
    /// How many levels the document has around the text.
    above: usize,
}

impl Default for Scanner {
    fn default() -> Self {
        Self::below(0)
    }
}

impl Scanner {
    /// A scanner of a text that is the whole document, or a part of one, below so many levels.
    pub(in crate::source) const fn below(above: usize) -> Self {
        Self {
            at: 0,
            open: Vec::new(),
            expect: Expect::Value,
            cost: 0,
            above,
        }
    }

    /// How many arrays and objects are open.
    pub(in crate::source) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The innermost of them.
    pub(in crate::source) fn innermost(&self) -> Option<Container> {
        self.open.last().copied()
    }

    /// The work since the last call, in bytes that were scanned.
    pub(in crate::source) const fn take_cost(&mut self) -> usize {
        std::mem::replace(&mut self.cost, 0)
    }

    /// The next token. An array or object of more than `whole` bytes is opened, and everything else is one token.
    ///
    /// Only the extent of a token is known; the caller finds out whether it is JSON.
    pub(in crate::source) fn next(
        &mut self,
        text: &[u8],
        whole: usize,
    ) -> Result<Token, SourceError> {
        let before = self.at;
        let token = self.step(text, whole);
        let moved = self.at.saturating_sub(before).saturating_add(TOKEN);
        self.cost = self.cost.saturating_add(moved);
        token
    }

    /// Goes to the beginning of the next value.
    pub(in crate::source) fn next_value(&mut self, text: &[u8]) -> NextValue {
        let before = self.at;
        let next = self.find_value(text);
        let moved = self.at.saturating_sub(before);
        self.cost = self.cost.saturating_add(moved);
        next
    }

    fn find_value(&mut self, text: &[u8]) -> NextValue {
        loop {
            let byte = match self.peek(text) {
                Peek::Byte(byte) => Some(byte),
                Peek::Blank => return NextValue::Blank,
                Peek::End => None,
            };
            match (self.expect, self.innermost()) {
                (Expect::Value, _) => return NextValue::At(self.at),
                (Expect::First(Container::Array), _) if byte.is_some_and(|byte| byte != b']') => {
                    self.expect = Expect::Value;
                }
                (Expect::Next, Some(Container::Array)) if byte == Some(b',') => {
                    self.at = self.at.saturating_add(1);
                    self.expect = Expect::Value;
                }
                _ => return NextValue::Other,
            }
        }
    }

    /// Passes over the value that begins here, which the caller has read: it has so many bytes.
    pub(in crate::source) fn pass(&mut self, length: usize) {
        self.at = self.at.saturating_add(length);
        self.cost = self.cost.saturating_add(length);
        self.expect_next();
    }

    fn step(&mut self, text: &[u8], whole: usize) -> Result<Token, SourceError> {
        loop {
            let byte = match (self.peek(text), self.expect) {
                (Peek::Byte(byte), _) => byte,
                (Peek::Blank, _) => return Ok(Token::Blank),
                (Peek::End, Expect::Nothing) => return Ok(Token::End),
                (Peek::End, _) => {
                    return Err(self.malformed("the text ends in the middle of a value"));
                }
            };
            match self.expect {
                Expect::Nothing => return Err(self.malformed("trailing characters")),
                Expect::First(kind) if is_end(byte, kind) => return Ok(self.close()),
                Expect::First(Container::Array) => self.expect = Expect::Value,
                Expect::First(Container::Object) => self.expect = Expect::Key,
                Expect::Next => match self.innermost() {
                    Some(kind) if is_end(byte, kind) => return Ok(self.close()),
                    Some(kind) if byte == b',' => {
                        self.at = self.at.saturating_add(1);
                        self.expect = match kind {
                            Container::Array => Expect::Value,
                            Container::Object => Expect::Key,
                        };
                    }
                    Some(_) | None => return Err(self.malformed("expected `,` or the end of it")),
                },
                Expect::Key => self.key(text)?,
                Expect::Colon(start, end) if byte == b':' => {
                    self.at = self.at.saturating_add(1);
                    self.expect = Expect::Value;
                    return Ok(Token::Key(start..end));
                }
                Expect::Colon(..) => return Err(self.malformed("expected `:`")),
                Expect::Value => return self.value(text, whole),
            }
        }
    }

    fn close(&mut self) -> Token {
        self.at = self.at.saturating_add(1);
        self.open.pop();
        self.expect_next();
        Token::Close
    }

    fn key(&mut self, text: &[u8]) -> Result<(), SourceError> {
        let start = self.at;
        let is_name = text.get(start) == Some(&b'"');
        let window = window(text, start, LONGEST);
        let end = is_name.then(|| string_end(window, start.saturating_add(1)));
        match end {
            Some(Some(end)) => {
                self.at = end;
                self.expect = Expect::Colon(start, end);
                Ok(())
            }
            Some(None) if window.len() < text.len() => Err(self.too_long()),
            Some(None) | None => Err(self.malformed("expected the name of a member")),
        }
    }

    fn value(&mut self, text: &[u8], whole: usize) -> Result<Token, SourceError> {
        let start = self.at;
        let Some(extent) = extent(text, start, whole) else {
            return Err(self.malformed("expected a value"));
        };
        let (end, deep) = match extent {
            Extent::TooLong => return Err(self.too_long()),
            Extent::Whole { end, deep } => (end, deep),
            Extent::Longer(kind) => {
                self.cost = self.cost.saturating_add(whole);
                self.open.push(kind);
                self.at = start.saturating_add(1);
                self.expect = Expect::First(kind);
                (start, 0)
            }
        };
        let levels = self.open.len().saturating_add(self.above);
        if levels.saturating_add(deep) > DEEPEST {
            return Err(self.malformed("recursion limit exceeded"));
        }
        if let Extent::Longer(kind) = extent {
            return Ok(Token::Open(kind));
        }
        self.at = end;
        self.expect_next();
        Ok(Token::Value(start..end))
    }

    fn expect_next(&mut self) {
        self.expect = if self.open.is_empty() {
            Expect::Nothing
        } else {
            Expect::Next
        };
    }

    fn peek(&mut self, text: &[u8]) -> Peek {
        if self.at == 0 {
            self.at = text.len().saturating_sub(unmarked(text).len());
        }
        let furthest = self.at.saturating_add(BLANKS);
        loop {
            match text.get(self.at) {
                None => return Peek::End,
                Some(byte) if !is_blank(*byte) => return Peek::Byte(*byte),
                Some(_) if self.at >= furthest => return Peek::Blank,
                Some(_) => self.at = self.at.saturating_add(1),
            }
        }
    }

    fn too_long(&self) -> SourceError {
        let reason = format!("a text longer than {LONGEST} bytes at byte {}", self.at);
        SourceError::Unusable(reason)
    }

    pub(in crate::source) fn malformed(&self, what: &str) -> SourceError {
        SourceError::Malformed(format!("{what} at byte {}", self.at))
    }
}

/// Reads a part of the text, as the JSON library does, but refuses a name that comes twice.
pub(in crate::source) fn part(text: &[u8], range: Range<usize>) -> Result<Value, SourceError> {
    let start = range.start;
    let part = text.get(range).unwrap_or_default();
    strict_json::value(part).map_err(|error| malformed(&error, start))
}

/// Reads the name of a member.
pub(in crate::source) fn name(text: &[u8], range: Range<usize>) -> Result<String, SourceError> {
    // By the reader of all values: one for texts alone would add the printing of floats to the module, 20 kB.
    match part(text, range)? {
        Value::String(name) => Ok(name),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(SourceError::Malformed("a name is no text".into()))
        }
    }
}

/// The error names the position in the text and what was expected there. It never shows the text.
fn malformed(error: &serde_json::Error, start: usize) -> SourceError {
    SourceError::Malformed(if start == 0 {
        error.to_string()
    } else {
        format!("{error} of the part that begins at byte {start}")
    })
}

const fn is_end(byte: u8, kind: Container) -> bool {
    match kind {
        Container::Array => byte == b']',
        Container::Object => byte == b'}',
    }
}
