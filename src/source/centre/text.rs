//! Plain text.

use std::fmt;

use serde_json::Value;

use crate::source::json::unmarked;
use crate::source::{Budget, SourceError};

use super::format::Decode;

/// How many bytes are read between two looks at the budget.
const PIECE: usize = 64 << 10;

/// Reads a text of UTF-8 as the one value of its document, without the end of its last line and without a byte order mark.
#[derive(Default)]
pub struct TextReader {
    /// Whether the text is a part of a document: only a document can't be empty.
    is_part: bool,
    read: String,
    at: usize,
}

impl fmt::Debug for TextReader {
    /// Without the text.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("TextReader");
        shown.field("at", &self.at).finish_non_exhaustive()
    }
}

impl TextReader {
    /// A reader of a value that stands below so many levels of a document.
    pub(super) const fn below(levels: usize) -> Self {
        Self {
            is_part: levels > 0,
            read: String::new(),
            at: 0,
        }
    }

    /// Reads the next piece; a character may go beyond its end.
    fn piece(&mut self, rest: &[u8]) -> Result<(), SourceError> {
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let valid = match std::str::from_utf8(piece) {
            Ok(text) => text,
            Err(error) => {
                let valid = piece.get(..error.valid_up_to()).unwrap_or_default();
                let is_cut = error.error_len().is_none() && piece.len() < rest.len();
                match std::str::from_utf8(valid) {
                    Ok(text) if is_cut => text,
                    Ok(_) | Err(_) => {
                        let at = self.at.saturating_add(valid.len());
                        let reason = format!("no UTF-8 at byte {at}");
                        return Err(SourceError::Malformed(reason));
                    }
                }
            }
        };
        self.read.push_str(valid);
        self.at = self.at.saturating_add(valid.len());
        Ok(())
    }

    fn finish(&mut self) -> Value {
        let mut text = std::mem::take(&mut self.read);
        if text.ends_with('\n') {
            text.pop();
            if text.ends_with('\r') {
                text.pop();
            }
        }
        Value::String(text)
    }
}

impl Decode for TextReader {
    fn media_type(&self) -> &'static str {
        "text/plain, */*;q=0.1"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        if self.at == 0 {
            let rest = unmarked(text);
            self.at = text.len().saturating_sub(rest.len());
            self.read.reserve_exact(rest.len());
        }
        while !budget.is_spent() {
            let rest = text.get(self.at..).unwrap_or_default();
            if rest.is_empty() {
                if self.read.is_empty() && !self.is_part {
                    return Err(SourceError::Malformed("the document is empty".into()));
                }
                return Ok(Some(self.finish()));
            }
            let before = self.at;
            self.piece(rest)?;
            budget.spend(self.at.saturating_sub(before));
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        vec![Value::String(self.read)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<Value, SourceError> {
        let whole = TextReader::default().parse(text);
        for slice in [1, 2, PIECE, PIECE + 1] {
            let mut reader = TextReader::default();
            let sliced = loop {
                match reader.advance(text, &mut Budget::of(slice)) {
                    Ok(None) => {}
                    Ok(Some(value)) => break Ok(value),
                    Err(error) => break Err(error),
                }
            };
            assert_eq!(sliced, whole, "{slice}");
        }
        whole
    }

    #[test]
    fn the_text_is_the_value() {
        let mark = "\u{feff}";
        for (text, value) in [
            ("\n", ""),
            ("blue", "blue"),
            ("{\"a\": 1}", "{\"a\": 1}"),
            (" a\r\nb \r\n", " a\r\nb "),
            ("a\n\n", "a\n"),
            ("a\r", "a\r"),
            (&format!("{mark}é"), "é"),
        ] {
            assert_eq!(read(text.as_bytes()), Ok(Value::from(value)), "{text}");
        }
        // A character at the end of a piece.
        let long = format!("{}é{}", "x".repeat(PIECE - 1), "y".repeat(PIECE));
        assert_eq!(read(long.as_bytes()), Ok(Value::from(long)));
    }

    #[test]
    fn an_empty_text_is_no_document() {
        for text in ["", "\u{feff}"] {
            let error = SourceError::Malformed("the document is empty".into());
            assert_eq!(read(text.as_bytes()), Err(error));
        }
        assert_eq!(TextReader::below(1).parse(b""), Ok(Value::from("")));
    }

    #[test]
    fn refuses_what_is_no_utf_8() {
        let long = [&vec![b'x'; PIECE][..], b"\xc3"].concat();
        for (text, at) in [(&b"hunter2\xff"[..], 7), (b"\xc3", 0), (&long, PIECE)] {
            let error = SourceError::Malformed(format!("no UTF-8 at byte {at}"));
            assert_eq!(read(text), Err(error));
        }
    }
}
