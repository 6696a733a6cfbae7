//! Going over the text of a large JSON document bit by bit.

use std::ops::Range;

use serde_json::Value;

use super::SourceError;

/// Up to what length a value is handed out whole, for the JSON library to read; a longer array or object is gone into.
pub(super) const WHOLE: usize = 16 << 10;

/// The mark of the byte order that some programs put before UTF-8. RFC 8259 §8.1 lets a reader pass over it.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The text without the mark of its byte order.
pub(super) fn unmarked(text: &[u8]) -> &[u8] {
    text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)
}

/// How deep values nest at most, as the JSON library has it.
const DEEPEST: usize = 127;

/// What has parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Array,
    Object,
}

/// What comes next in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// An array or an object begins that isn't handed out whole.
    Open(Kind),
    /// It ends.
    Close,
    /// The name of a member, quotes and all: JSON, perhaps.
    Key(Range<usize>),
    /// A whole value: JSON, perhaps.
    Value(Range<usize>),
    /// The document is over.
    End,
}

#[derive(Clone, Copy, Debug)]
enum Expect {
    Value,
    /// The first part of what was just begun, or its end.
    First(Kind),
    /// A comma, or the end of what is open.
    Next,
    Key,
    /// Nothing but blanks.
    Nothing,
}

/// A place in a text, and what is open there. The text isn't held: it is the same each time.
#[derive(Debug)]
pub(super) struct Scanner {
    at: usize,
    open: Vec<Kind>,
    expect: Expect,
    cost: usize,
}

impl Scanner {
    pub(super) const fn new() -> Self {
        Self {
            at: 0,
            open: Vec::new(),
            expect: Expect::Value,
            cost: 0,
        }
    }

    /// How many arrays and objects are open.
    pub(super) fn depth(&self) -> usize {
        self.open.len()
    }

    /// The innermost of them.
    pub(super) fn innermost(&self) -> Option<Kind> {
        self.open.last().copied()
    }

    /// How many bytes were looked at since this was asked last.
    pub(super) const fn take_cost(&mut self) -> usize {
        std::mem::replace(&mut self.cost, 0)
    }

    /// What comes next. An array or object of more than `whole` bytes is opened, and everything else is one token.
    ///
    /// Of what is handed out only the extent is known; whoever takes it finds out whether it is JSON.
    pub(super) fn next(&mut self, text: &[u8], whole: usize) -> Result<Token, SourceError> {
        let before = self.at;
        let token = self.step(text, whole);
        let moved = self.at.saturating_sub(before);
        self.cost = self.cost.saturating_add(moved);
        token
    }

    /// Goes to where the next value begins, and no further; `None` where something else comes next.
    pub(super) fn next_value(&mut self, text: &[u8]) -> Option<usize> {
        let before = self.at;
        while !matches!(self.expect, Expect::Value) {
            let byte = self.peek(text);
            match (self.expect, self.innermost()) {
                (Expect::First(Kind::Array), _) if byte.is_some_and(|byte| byte != b']') => {
                    self.expect = Expect::Value;
                }
                (Expect::Next, Some(Kind::Array)) if byte == Some(b',') => {
                    self.at = self.at.saturating_add(1);
                    self.expect = Expect::Value;
                }
                _ => return None,
            }
        }
        self.peek(text);
        let moved = self.at.saturating_sub(before);
        self.cost = self.cost.saturating_add(moved);
        Some(self.at)
    }

    /// The value that begins here is so long: whoever knows has read it.
    pub(super) fn pass(&mut self, length: usize) {
        self.at = self.at.saturating_add(length);
        self.cost = self.cost.saturating_add(length);
        self.expect_next();
    }

    fn step(&mut self, text: &[u8], whole: usize) -> Result<Token, SourceError> {
        loop {
            let Some(byte) = self.peek(text) else {
                return match self.expect {
                    Expect::Nothing => Ok(Token::End),
                    Expect::Value | Expect::First(_) | Expect::Next | Expect::Key => {
                        Err(self.malformed("the text ends in the middle of a value"))
                    }
                };
            };
            match self.expect {
                Expect::Nothing => return Err(self.malformed("trailing characters")),
                Expect::First(kind) if is_end(byte, kind) => return Ok(self.close()),
                Expect::First(Kind::Array) => self.expect = Expect::Value,
                Expect::First(Kind::Object) => self.expect = Expect::Key,
                Expect::Next => match self.innermost() {
                    Some(kind) if is_end(byte, kind) => return Ok(self.close()),
                    Some(kind) if byte == b',' => {
                        self.at = self.at.saturating_add(1);
                        self.expect = match kind {
                            Kind::Array => Expect::Value,
                            Kind::Object => Expect::Key,
                        };
                    }
                    Some(_) | None => return Err(self.malformed("expected `,` or the end of it")),
                },
                Expect::Key => return self.key(text),
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

    fn key(&mut self, text: &[u8]) -> Result<Token, SourceError> {
        let start = self.at;
        let end = (text.get(start) == Some(&b'"'))
            .then(|| string_end(text, start.saturating_add(1)))
            .flatten();
        let end = end.ok_or_else(|| self.malformed("expected the name of a member"))?;
        self.at = end;
        if self.peek(text) != Some(b':') {
            return Err(self.malformed("expected `:`"));
        }
        self.at = self.at.saturating_add(1);
        self.expect = Expect::Value;
        Ok(Token::Key(start..end))
    }

    fn value(&mut self, text: &[u8], whole: usize) -> Result<Token, SourceError> {
        let start = self.at;
        let Some(extent) = extent(text, start, whole) else {
            return Err(self.malformed("expected a value"));
        };
        let (end, deep) = match extent {
            Extent::Whole { end, deep } => (end, deep),
            Extent::Longer(kind) => {
                self.cost = self.cost.saturating_add(whole);
                self.open.push(kind);
                self.at = start.saturating_add(1);
                self.expect = Expect::First(kind);
                (start, 0)
            }
        };
        if self.open.len().saturating_add(deep) > DEEPEST {
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

    fn peek(&mut self, text: &[u8]) -> Option<u8> {
        if self.at == 0 {
            self.at = text.len().saturating_sub(unmarked(text).len());
        }
        loop {
            let byte = *text.get(self.at)?;
            if !is_blank(byte) {
                return Some(byte);
            }
            self.at = self.at.saturating_add(1);
        }
    }

    fn malformed(&self, what: &str) -> SourceError {
        SourceError::Malformed(format!("{what} at byte {}", self.at))
    }
}

/// Reads a part of the text, as the JSON library does.
pub(super) fn part(text: &[u8], range: Range<usize>) -> Result<Value, SourceError> {
    let start = range.start;
    read(text, range).map_err(|error| malformed(&error, start))
}

/// Reads the name of a member.
pub(super) fn name(text: &[u8], range: Range<usize>) -> Result<String, SourceError> {
    let start = range.start;
    read(text, range).map_err(|error| malformed(&error, start))
}

fn read<'t, T: serde::Deserialize<'t>>(
    text: &'t [u8],
    range: Range<usize>,
) -> serde_json::Result<T> {
    serde_json::from_slice(text.get(range).unwrap_or_default())
}

/// The error names the place in the text and what was expected there, never what was found.
fn malformed(error: &serde_json::Error, start: usize) -> SourceError {
    SourceError::Malformed(if start == 0 {
        error.to_string()
    } else {
        format!("{error} of the part that begins at byte {start}")
    })
}

enum Extent {
    Whole {
        end: usize,
        /// How deep it nests: a number not at all.
        deep: usize,
    },
    Longer(Kind),
}

/// How far the value at `start` goes, unless it is an array or object of more than `whole` bytes.
fn extent(text: &[u8], start: usize, whole: usize) -> Option<Extent> {
    let first = *text.get(start)?;
    let kind = match first {
        b'{' => Kind::Object,
        b'[' => Kind::Array,
        b'"' => {
            let end = string_end(text, start.saturating_add(1))?;
            return Some(Extent::Whole { end, deep: 0 });
        }
        _ => {
            let rest = text.get(start..)?;
            let is_end = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']' | b'}' | b':');
            let length = rest.iter().position(is_end).unwrap_or(rest.len());
            let end = start.saturating_add(length);
            return (length > 0).then_some(Extent::Whole { end, deep: 0 });
        }
    };
    // Nothing behind it is looked at, not even the rest of a string: what is around a long one is begun again and again.
    let longest = start.saturating_add(whole);
    let window = text.get(..longest).unwrap_or(text);
    let behind = (longest <= text.len()).then_some(Extent::Longer(kind));
    let (mut at, mut depth, mut deep) = (start, 0_usize, 0);
    loop {
        let Some(&byte) = window.get(at) else {
            return behind;
        };
        at = at.saturating_add(1);
        match byte {
            b'"' => match string_end(window, at) {
                Some(end) => at = end,
                None => return behind,
            },
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                deep = deep.max(depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(Extent::Whole { end: at, deep });
                }
            }
            _ => {}
        }
    }
}

/// Where a string ends whose text begins at `at`: behind its closing quote.
fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let after = at.saturating_add(length).saturating_add(1);
        if rest.get(length) == Some(&b'"') {
            return Some(after);
        }
        at = after.saturating_add(1);
    }
}

const fn is_end(byte: u8, kind: Kind) -> bool {
    match kind {
        Kind::Array => byte == b']',
        Kind::Object => byte == b'}',
    }
}

/// RFC 8259 §2.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array around a string that never ends can only be called longer by whom the end doesn't interest.
    #[test]
    fn what_is_around_a_long_string_is_begun_without_reading_it() {
        let text = format!("[[\"{}", "x".repeat(100));
        for start in 0..2 {
            for whole in 0..100 {
                let extent = extent(text.as_bytes(), start, whole);
                assert!(
                    matches!(extent, Some(Extent::Longer(Kind::Array))),
                    "{start} {whole}"
                );
            }
            assert!(extent(text.as_bytes(), start, 200).is_none());
        }
        for (text, end) in [("[\"]\"] ", 5), ("{\"a\":\"\\\"}\"}", 11)] {
            for whole in 0..20 {
                match extent(text.as_bytes(), 0, whole) {
                    Some(Extent::Whole { end: found, .. }) => assert_eq!(found, end, "{whole}"),
                    Some(Extent::Longer(_)) => assert!(whole < end, "{whole}"),
                    None => assert!(whole > text.len()),
                }
            }
        }
    }
}
