//! The format of documents that are pairs of a key and a value in base64: those of etcd, and those of Consul, whose keys are plain text.

#[cfg(test)]
mod tests;

use std::fmt;

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};

use crate::source::centre::format::Decode;
use crate::source::centre::{ContentFormat, ContentReader};
use crate::source::json::{NextValue, Scanner, Token, name};
use crate::source::{Budget, SourceError};

/// How many characters are decoded between two looks at the budget; a multiple of four.
const PIECE: usize = 16 << 10;

/// What a key costs, and each of its segments.
const KEY: usize = 64;

/// The most segments of a key behind the prefix.
const MOST_SEGMENTS: usize = 32;

/// The levels around a pair of key and value: the answer, and the list.
const PAIR: usize = 3;

/// Reads `{"kvs":[{"key":…,"value":…}]}`: the value is the document. With a member `prefix` before `kvs`, the keys below it make
/// the document: a key's segments are names on the way to its value. Where the format is JSON, a value that is no JSON is text there,
/// unless it begins like a list, a map or a quoted text.
///
/// Consul's pairs have the members `Key` and `Value`. An empty value is absent in etcd, and `null` in Consul.
#[derive(Default)]
pub struct PairsReader {
    format: ContentFormat,
    /// Whether the document is a map of flat names, with texts.
    is_flat: bool,
    scanner: Scanner,
    member: Member,
    /// Whether the list of pairs is open.
    in_list: bool,
    prefix: Option<String>,
    key: Vec<u8>,
    value: Vec<u8>,
    /// The key or value that is being decoded.
    decoded: Vec<u8>,
    step: ReaderStep,
    root: Option<Value>,
}

/// The member that was begun last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Member {
    #[default]
    Other,
    Prefix,
    Pairs,
    Key,
    /// A key that is a text of JSON as it is.
    PlainKey,
    Value,
}

#[derive(Default)]
enum ReaderStep {
    /// To the next token.
    #[default]
    Scan,
    /// Decodes the text that begins here: behind its quote, and so far.
    Decode(usize, usize),
    /// Reads the value of a pair.
    Read(Box<ContentReader>),
}

impl fmt::Debug for PairsReader {
    /// Without keys and values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PairsReader");
        shown.field("member", &self.member).finish_non_exhaustive()
    }
}

impl From<ContentFormat> for PairsReader {
    fn from(format: ContentFormat) -> Self {
        Self {
            format,
            ..Self::default()
        }
    }
}

impl PairsReader {
    /// A reader whose document is a map: `/` in a key is `.` in the name of a property, and each value is text. A key with an empty
    /// value is no property.
    pub(super) fn flat() -> Self {
        Self {
            is_flat: true,
            ..Self::default()
        }
    }

    /// Takes the next token. Returns whether it was the last.
    fn scan(&mut self, text: &[u8], budget: &mut Budget) -> Result<bool, SourceError> {
        if matches!(self.member, Member::Prefix | Member::Key | Member::Value) {
            return self.begin_text(text, budget).map(|()| false);
        }
        let token = self.scanner.next(text, 0);
        budget.spend(self.scanner.take_cost());
        match token? {
            Token::Key(range) => {
                let name = text.get(range).unwrap_or_default();
                self.member = match (self.scanner.depth(), self.in_list, name) {
                    (1, _, b"\"prefix\"") => Member::Prefix,
                    (1, _, b"\"kvs\"") => Member::Pairs,
                    (PAIR, true, b"\"key\"") => Member::Key,
                    (PAIR, true, b"\"Key\"") => Member::PlainKey,
                    (PAIR, true, b"\"value\"" | b"\"Value\"") => Member::Value,
                    _ => Member::Other,
                };
            }
            Token::Open(_) => {
                self.in_list |= self.member == Member::Pairs;
                self.member = Member::Other;
            }
            Token::Close => match self.scanner.depth() {
                1 => self.in_list = false,
                2 if self.in_list => self.end_pair(budget)?,
                _ => {}
            },
            Token::Value(range) => {
                if self.member == Member::PlainKey {
                    self.key = name(text, range)?.into_bytes();
                }
                self.member = Member::Other;
            }
            Token::Blank => {}
            Token::End => return Ok(true),
        }
        Ok(false)
    }

    /// Begins a text in base64.
    fn begin_text(&mut self, text: &[u8], budget: &mut Budget) -> Result<(), SourceError> {
        let next = self.scanner.next_value(text);
        budget.spend(self.scanner.take_cost());
        match next {
            NextValue::At(at) if text.get(at) == Some(&b'"') => {
                let behind = at.saturating_add(1);
                self.step = ReaderStep::Decode(behind, behind);
                Ok(())
            }
            NextValue::Blank => Ok(()),
            NextValue::At(at) if self.is_null(text, at) => {
                self.member = Member::Other;
                Ok(())
            }
            NextValue::At(_) | NextValue::Other => Err(malformed("a key or value is no text")),
        }
    }

    /// Whether a value is `null`.
    fn is_null(&self, text: &[u8], at: usize) -> bool {
        let rest = text.get(at..).unwrap_or_default();
        self.member == Member::Value && rest.starts_with(b"null")
    }

    /// Decodes the next piece of a text.
    fn decode(
        &mut self,
        text: &[u8],
        (start, at): (usize, usize),
        budget: &mut Budget,
    ) -> Result<(), SourceError> {
        let rest = text.get(at..).unwrap_or_default();
        let piece = rest.get(..PIECE).unwrap_or(rest);
        let end = piece.iter().position(|byte| *byte == b'"');
        let digits = end.and_then(|end| piece.get(..end)).unwrap_or(piece);
        budget.spend(digits.len());
        // Padding is at the end only.
        let is_inner = end.is_none() && (piece.len() < PIECE || piece.ends_with(b"="));
        let is_read = !is_inner && decode(digits, &mut self.decoded).is_some();
        if !is_read {
            return Err(malformed("a key or value is no base64"));
        }
        let at = at.saturating_add(digits.len());
        self.step = ReaderStep::Decode(start, at);
        if end.is_some() {
            // With both quotes.
            self.scanner
                .pass(at.saturating_sub(start).saturating_add(2));
            // The pieces were paid one by one.
            self.scanner.take_cost();
            self.end_text()?;
        }
        Ok(())
    }

    /// Puts a text that was decoded to its place.
    fn end_text(&mut self) -> Result<(), SourceError> {
        self.step = ReaderStep::Scan;
        let decoded = std::mem::take(&mut self.decoded);
        match std::mem::take(&mut self.member) {
            Member::Key => self.key = decoded,
            Member::Value => self.value = decoded,
            Member::Prefix => self.prefix = Some(utf8(decoded)?),
            Member::Pairs | Member::PlainKey | Member::Other => {}
        }
        Ok(())
    }

    /// Begins to read the value of a pair that is complete.
    fn end_pair(&mut self, budget: &mut Budget) -> Result<(), SourceError> {
        let segments = match &self.prefix {
            None if self.root.is_some() => return Err(malformed("there are two keys")),
            None => 0,
            Some(prefix) => {
                let Some(rest) = self.key.strip_prefix(prefix.as_bytes()) else {
                    return Err(malformed("a key does not begin with the prefix"));
                };
                self.root.get_or_insert_with(|| Value::Object(Map::new()));
                if rest.is_empty() || rest.ends_with(b"/") {
                    // Some programs write such a key as the mark of a folder.
                    self.value.clear();
                    return Ok(());
                }
                rest.split(|byte| *byte == b'/').count()
            }
        };
        budget.spend(KEY.saturating_mul(segments.saturating_add(1)));
        if segments > MOST_SEGMENTS {
            let reason = format!("a key has more than {MOST_SEGMENTS} segments");
            return Err(SourceError::Unusable(reason));
        }
        if self.is_flat {
            return self.end_property(budget);
        }
        self.step = ReaderStep::Read(Box::new(ContentReader::below(self.format, segments)));
        Ok(())
    }

    /// Puts a property into the map.
    fn end_property(&mut self, budget: &mut Budget) -> Result<(), SourceError> {
        budget.spend(self.key.len().saturating_add(self.value.len()));
        let (key, value) = (
            utf8(self.take_key())?,
            utf8(std::mem::take(&mut self.value))?,
        );
        let root = self.root.as_mut().and_then(Value::as_object_mut);
        if let Some(root) = root.filter(|_| !value.is_empty()) {
            root.insert(key.replace('/', "."), Value::String(value));
        }
        Ok(())
    }

    /// The part of the key behind the prefix.
    fn take_key(&mut self) -> Vec<u8> {
        let mut key = std::mem::take(&mut self.key);
        key.drain(..self.prefix.as_ref().map_or(0, String::len).min(key.len()));
        key
    }

    /// Whether the value of a pair is text if it isn't JSON. Where someone meant to write JSON, a mistake in it must not make it a
    /// text.
    fn may_be_text(&self) -> bool {
        let first = self.value.iter().find(|byte| !byte.is_ascii_whitespace());
        let is_json = matches!(first, Some(b'{' | b'[' | b'"'));
        self.format == ContentFormat::Json && self.prefix.is_some() && !is_json
    }

    /// Continues to read a value.
    fn read(
        &mut self,
        mut reader: Box<ContentReader>,
        budget: &mut Budget,
    ) -> Result<(), SourceError> {
        let value = match reader.advance(&self.value, budget) {
            Ok(Some(value)) => value,
            Ok(None) => {
                self.step = ReaderStep::Read(reader);
                return Ok(());
            }
            Err(error) if !self.may_be_text() => return Err(error),
            Err(_) => {
                budget.spend(self.value.len());
                Value::String(utf8(std::mem::take(&mut self.value))?)
            }
        };
        self.value.clear();
        if self.prefix.is_none() {
            self.root = Some(value);
            return Ok(());
        }
        let place = utf8(self.take_key())?;
        let is_put = put(self.root.as_mut(), &place, value);
        is_put.ok_or_else(|| {
            let reason = "two keys have one place: one is above the other, or in its value";
            SourceError::Unusable(reason.into())
        })
    }
}

impl Decode for PairsReader {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            match std::mem::take(&mut self.step) {
                ReaderStep::Scan => {
                    if self.scan(text, budget)? {
                        let root = self.root.take();
                        return root.map(Some).ok_or_else(|| malformed("there is no key"));
                    }
                }
                ReaderStep::Decode(start, at) => self.decode(text, (start, at), budget)?,
                ReaderStep::Read(reader) => self.read(reader, budget)?,
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        let mut parts = match self.step {
            ReaderStep::Read(reader) => reader.into_parts(),
            ReaderStep::Scan | ReaderStep::Decode(..) => Vec::new(),
        };
        parts.extend(self.root);
        parts
    }
}

fn malformed(what: &str) -> SourceError {
    SourceError::Malformed(what.into())
}

fn utf8(bytes: Vec<u8>) -> Result<String, SourceError> {
    String::from_utf8(bytes).map_err(|_| SourceError::Unusable("a key or value is no UTF-8".into()))
}

/// Appends what the digits stand for.
fn decode(digits: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let before = out.len();
    out.resize(before.saturating_add(digits.len()), 0);
    let length = Base64::decode(digits, out.get_mut(before..)?).ok()?.len();
    out.truncate(before.saturating_add(length));
    Some(())
}

/// Puts a value to its place in the document. `None` if there is one already.
fn put(root: Option<&mut Value>, place: &str, value: Value) -> Option<()> {
    let mut folder = root?.as_object_mut()?;
    let (way, name) = place.rsplit_once('/').unwrap_or(("", place));
    let has_way = place.len() > name.len();
    for segment in way.split('/').filter(|_| has_way) {
        let next = folder.entry(segment);
        let next = next.or_insert_with(|| Value::Object(Map::new()));
        folder = next.as_object_mut()?;
    }
    folder
        .insert(name.to_owned(), value)
        .is_none()
        .then_some(())
}
