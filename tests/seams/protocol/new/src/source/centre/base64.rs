//! A toy format: base64 of lines `name=value`, which become an object of texts.

use std::fmt;

use serde_json::{Map, Value};

use crate::source::{Budget, SourceError};

use super::format::Decode;

/// How many characters are decoded between two looks at the budget; a multiple of four.
const PIECE: usize = 4096;

/// What a line costs.
const LINE: usize = 64;

/// The characters by their values (RFC 4648 §4).
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// A text that is being read.
#[derive(Default)]
pub struct Base64Reader {
    /// How many characters are decoded.
    at: usize,
    lines: Vec<u8>,
    /// How many bytes of `lines` are read.
    read: usize,
    members: Map<String, Value>,
}

impl fmt::Debug for Base64Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Base64Reader");
        shown.field("at", &self.at).finish_non_exhaustive()
    }
}

impl Base64Reader {
    /// Decodes four characters.
    fn four(&mut self, four: &[u8], is_last: bool) -> Option<()> {
        let digits = four.split(|byte| *byte == b'=').next()?;
        let padding = four.len().checked_sub(digits.len())?;
        let is_padded = four.iter().rev().take(padding).all(|byte| *byte == b'=');
        if four.len() != 4 || padding > 2 || !is_padded || (padding > 0 && !is_last) {
            return None;
        }
        let mut bits: u32 = 0;
        for place in 0..4 {
            let digit = digits.get(place).unwrap_or(&b'A');
            let value = ALPHABET.iter().position(|known| known == digit)?;
            bits = (bits << 6) | u32::try_from(value).ok()?;
        }
        let bytes = bits.to_be_bytes();
        let end = bytes.len().checked_sub(padding)?;
        self.lines.extend_from_slice(bytes.get(1..end)?);
        Some(())
    }

    fn piece(&mut self, text: &[u8], piece: &[u8]) -> Result<(), SourceError> {
        for four in piece.chunks(4) {
            self.at = self.at.saturating_add(four.len());
            let is_last = self.at == text.len();
            let done = self.four(four, is_last);
            done.ok_or_else(|| SourceError::Malformed(format!("no base64 at byte {}", self.at)))?;
        }
        Ok(())
    }
}

impl Decode for Base64Reader {
    fn media_type(&self) -> &'static str {
        "text/plain"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            let rest = text.get(self.at..).unwrap_or_default();
            if !rest.is_empty() {
                let piece = rest.get(..PIECE).unwrap_or(rest);
                self.piece(text, piece)?;
                budget.spend(piece.len());
                continue;
            }
            let rest = self.lines.get(self.read..).unwrap_or_default();
            let Some(line) = rest.split(|byte| *byte == b'\n').next().filter(|_| !rest.is_empty())
            else {
                return Ok(Some(Value::Object(std::mem::take(&mut self.members))));
            };
            self.read = self.read.saturating_add(line.len()).saturating_add(1);
            budget.spend(line.len().saturating_add(LINE));
            if let Some((name, value)) = String::from_utf8_lossy(line).split_once('=') {
                self.members.insert(name.to_owned(), value.into());
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        vec![Value::Object(self.members)]
    }
}
