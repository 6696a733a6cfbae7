//! The format of Nacos' documents: how the content came, and the content.

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::Value;

use crate::source::centre::format::Decode;
use crate::source::centre::{ContentFormat, ContentReader};
use crate::source::{Budget, SourceError};

/// How many bytes are decoded between two looks at the budget.
const PIECE: usize = 16 << 10;

/// Reads one line and the content behind it. The line is `=` where the content stands as it is (v1), or `"` where it is the
/// inside of a text in JSON (v2, v3), and then the type that the server has noted. So the bytes alone tell how they are read.
pub struct NacosReader {
    format: Option<ContentFormat>,
    /// Whether the content is one of several files.
    is_part: bool,
    step: Step,
}

#[derive(Default)]
enum Step {
    #[default]
    Line,
    /// Decodes from this position on, to the end.
    Decode(usize, Vec<u8>),
    /// Reads the content, which begins at this position of the text, or was decoded.
    Read(Content, Box<ContentReader>),
}

enum Content {
    At(usize),
    Decoded(Vec<u8>),
}

impl fmt::Debug for NacosReader {
    /// Without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NacosReader").finish_non_exhaustive()
    }
}

impl From<Option<ContentFormat>> for NacosReader {
    /// A reader of this format. `None`: of the one that the server has noted, or else of JSON.
    fn from(format: Option<ContentFormat>) -> Self {
        Self {
            format,
            is_part: false,
            step: Step::default(),
        }
    }
}

impl NacosReader {
    /// A reader of a content that is one of several files of this format.
    pub(in crate::source) fn of_part(format: ContentFormat) -> Self {
        Self {
            is_part: true,
            ..Some(format).into()
        }
    }

    /// Reads the first line.
    fn line(&mut self, text: &[u8]) -> Result<Step, SourceError> {
        let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let (form, noted) = line.split_first().ok_or_else(malformed)?;
        // Nacos notes `text` where nobody chose a type.
        let noted = std::str::from_utf8(noted)
            .ok()
            .and_then(ContentFormat::of_type);
        let noted = noted.filter(|format| *format != ContentFormat::Text);
        self.format = self.format.or(noted);
        let at = line.len().saturating_add(1);
        match form {
            b'=' => Ok(Step::Read(Content::At(at), self.content())),
            b'"' => Ok(Step::Decode(at, Vec::new())),
            _ => Err(malformed()),
        }
    }

    fn content(&self) -> Box<ContentReader> {
        let format = self.format.unwrap_or_default();
        Box::new(if self.is_part {
            ContentReader::of_part(format)
        } else {
            format.into()
        })
    }
}

impl Decode for NacosReader {
    fn media_type(&self) -> &'static str {
        "*/*"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            self.step = match std::mem::take(&mut self.step) {
                Step::Line => self.line(text)?,
                Step::Decode(at, mut decoded) => {
                    let next = decode(text, at, &mut decoded)?;
                    budget.spend(next.saturating_sub(at));
                    if next < text.len() {
                        Step::Decode(next, decoded)
                    } else {
                        Step::Read(Content::Decoded(decoded), self.content())
                    }
                }
                Step::Read(content, mut reader) => {
                    let bytes = match &content {
                        Content::At(at) => text.get(*at..).unwrap_or_default(),
                        Content::Decoded(bytes) => bytes,
                    };
                    if let Some(value) = reader.advance(bytes, budget)? {
                        return Ok(Some(value));
                    }
                    Step::Read(content, reader)
                }
            };
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        match self.step {
            Step::Read(_, reader) => reader.into_parts(),
            Step::Line | Step::Decode(..) => Vec::new(),
        }
    }
}

/// Decodes the next piece of the inside of a text (RFC 8259 §7). Returns the position behind it.
fn decode(text: &[u8], mut at: usize, decoded: &mut Vec<u8>) -> Result<usize, SourceError> {
    let end = at.saturating_add(PIECE).min(text.len());
    while at < end {
        let piece = text.get(at..end).unwrap_or_default();
        let plain = piece
            .iter()
            .position(|byte| matches!(byte, b'\\' | b'"' | 0..=0x1f));
        let plain = plain.unwrap_or(piece.len());
        decoded.extend_from_slice(piece.get(..plain).unwrap_or_default());
        at = at.saturating_add(plain);
        if at < end {
            // An escape may end behind the piece.
            let escape = text.get(at..).unwrap_or_default();
            let length = unescape(escape, decoded).ok_or_else(malformed)?;
            at = at.saturating_add(length);
        }
    }
    Ok(at)
}

/// Decodes the escape at the beginning. Returns its length.
fn unescape(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let (&[b'\\', letter], rest) = text.split_first_chunk()? else {
        return None;
    };
    let byte = match letter {
        b'"' | b'\\' | b'/' => letter,
        b'b' => 8,
        b'f' => 12,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'u' => return unescape_unicode(rest, decoded),
        _ => return None,
    };
    decoded.push(byte);
    Some(2)
}

/// Decodes four digits, or a pair of surrogates, behind `\u`.
fn unescape_unicode(text: &[u8], decoded: &mut Vec<u8>) -> Option<usize> {
    let first = digits(text)?;
    let second = text
        .get(4..)
        .and_then(|rest| rest.strip_prefix(b"\\u"))
        .and_then(digits);
    let units = [first, second.unwrap_or_default()];
    let char = char::decode_utf16(units).next()?.ok()?;
    let mut buffer = [0; 4];
    decoded.extend_from_slice(char.encode_utf8(&mut buffer).as_bytes());
    Some(if char.len_utf16() == 2 { 12 } else { 6 })
}

fn digits(text: &[u8]) -> Option<u16> {
    let (digits, _) = text.split_first_chunk::<4>()?;
    let is_hex = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| is_hex)?;
    u16::from_str_radix(digits, 16).ok()
}

fn malformed() -> SourceError {
    SourceError::Malformed("the content is no text in JSON".into())
}
