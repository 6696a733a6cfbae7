//! Scalars of one line.

use std::borrow::Cow;

use super::{END, Reader, Sink};
use crate::literal::{Literal, literal};
use crate::tree::{Style, Value};

/// What ends a bare word within brackets.
const fn is_bracket(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

impl<'a, S: Sink<'a>> Reader<'a, '_, S> {
    /// The scalar that begins here.
    pub(super) fn scalar(&mut self, in_brackets: bool) -> Option<Value<'a>> {
        match self.peek() {
            b'"' => self.double(),
            b'\'' => self.single(),
            _ => self.bare(in_brackets),
        }
    }

    fn bare(&mut self, in_brackets: bool) -> Option<Value<'a>> {
        let start = self.at;
        let second = self.byte(start.saturating_add(1));
        let begins = match self.peek() {
            b'-' => !matches!(second, b' ' | b'\n' | END) && !is_bracket(second),
            // Each means something of its own at the beginning.
            b'?' | b':' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'%' | b'@' | b'`' => false,
            b' ' | b'\n' | END => false,
            byte => !is_bracket(byte),
        };
        if !begins {
            return None;
        }
        let (mut at, mut end) = (start, start);
        loop {
            let byte = self.byte(at);
            let after = at.saturating_add(1);
            match byte {
                b'\n' | END => break,
                // A comment, where a blank stands before it.
                b'#' if end < at => break,
                b':' if matches!(self.byte(after), b' ' | b'\n' | END) => break,
                b':' if in_brackets && is_bracket(self.byte(after)) => break,
                byte if in_brackets && is_bracket(byte) => break,
                b' ' => {}
                b'-' if in_brackets && end < at && is_bracket(self.byte(after)) => return None,
                _ => end = after,
            }
            at = after;
        }
        self.at = end;
        let text = self.text.get(start..end)?;
        Some(match literal(text) {
            Some(Literal::Itself) => Value::Literal(text.into()),
            Some(Literal::Written(json)) => Value::Literal(json.into()),
            None => Value::Text(text.into(), Style::Bare),
        })
    }

    fn double(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        let mut escapes = false;
        loop {
            self.step(1);
            match self.peek() {
                b'"' => break,
                b'\n' | END => return None,
                b'\\' => {
                    self.step(1);
                    escapes = true;
                    // Those that JSON has too, but for halves of characters; the others are rare.
                    let half = matches!(self.byte(self.at.saturating_add(1)), b'd' | b'D');
                    match self.peek() {
                        b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                        b'u' if !half => {}
                        _ => return None,
                    }
                }
                _ => {}
            }
        }
        self.step(1);
        let quoted = self.text.get(start..self.at)?;
        let text = if escapes {
            Cow::Owned(serde_json::from_str(quoted).ok()?)
        } else {
            Cow::Borrowed(quoted.strip_prefix('"')?.strip_suffix('"')?)
        };
        Some(Value::Text(text, Style::Quoted))
    }

    fn single(&mut self) -> Option<Value<'a>> {
        let start = self.at.saturating_add(1);
        let mut doubled = false;
        loop {
            self.step(1);
            match self.peek() {
                b'\'' if self.byte(self.at.saturating_add(1)) == b'\'' => {
                    self.step(1);
                    doubled = true;
                }
                b'\'' => break,
                b'\n' | END => return None,
                _ => {}
            }
        }
        let inner = self.text.get(start..self.at)?;
        self.step(1);
        let text = if doubled {
            Cow::Owned(inner.replace("''", "'"))
        } else {
            Cow::Borrowed(inner)
        };
        Some(Value::Text(text, Style::Bare))
    }
}
