//! JSON.

use serde_json::{Map, Value};

use crate::source::json::{Container, Items, Scanner, Token, WHOLE, name, part, unmarked};
use crate::source::{Budget, JsonPath, SourceError};

use crate::strict_json;

use super::format::Decode;

/// How much more a byte costs of a value that is kept.
const COST_OF_BYTE: usize = 3;

/// An open array or object, with the entries so far.
#[derive(Debug)]
enum Open {
    Array(Vec<Value>),
    /// With the name of the next member.
    Object(Map<String, Value>, String),
}

/// Reads a text as the JSON library does, but in slices, and refuses a name that comes twice.
#[derive(Debug)]
pub struct JsonReader {
    scanner: Scanner,
    whole: usize,
    open: Vec<Open>,
    root: Value,
}

impl Default for JsonReader {
    /// Values of up to 16 KiB are read in one go.
    fn default() -> Self {
        Self::below(0)
    }
}

impl JsonReader {
    /// Values of up to `whole` bytes are read in one go.
    #[must_use]
    pub const fn in_pieces(whole: usize) -> Self {
        Self {
            scanner: Scanner::below(0),
            whole,
            open: Vec::new(),
            root: Value::Null,
        }
    }

    /// A reader of a value that stands below so many levels of a document.
    pub(super) const fn below(levels: usize) -> Self {
        Self {
            scanner: Scanner::below(levels),
            whole: WHOLE,
            open: Vec::new(),
            root: Value::Null,
        }
    }

    fn put(&mut self, value: Value) -> Result<(), SourceError> {
        match self.open.last_mut() {
            Some(Open::Array(values)) => values.push(value),
            Some(Open::Object(members, name)) => {
                if members.insert(std::mem::take(name), value).is_some() {
                    return Err(self
                        .scanner
                        .malformed("a name that comes twice: its value ends"));
                }
            }
            None => self.root = value,
        }
        Ok(())
    }
}

impl Decode for JsonReader {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    // Formats that are written in JSON read it by this too: one copy is enough.
    #[inline(never)]
    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            let token = self.scanner.next(text, self.whole)?;
            budget.spend(self.scanner.take_cost().saturating_mul(COST_OF_BYTE));
            match token {
                Token::Open(Container::Array) => self.open.push(Open::Array(Vec::new())),
                Token::Open(Container::Object) => {
                    self.open.push(Open::Object(Map::new(), String::new()));
                }
                Token::Key(range) => {
                    let name = name(text, range)?;
                    if let Some(Open::Object(_, next)) = self.open.last_mut() {
                        *next = name;
                    }
                }
                Token::Value(range) => {
                    let value = part(text, range)?;
                    self.put(value)?;
                }
                Token::Close => match self.open.pop() {
                    Some(Open::Array(values)) => self.put(Value::Array(values))?,
                    Some(Open::Object(members, _)) => self.put(Value::Object(members))?,
                    None => {}
                },
                Token::Blank => {}
                Token::End => return Ok(Some(std::mem::take(&mut self.root))),
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        let part = |open| match open {
            Open::Array(values) => Value::Array(values),
            Open::Object(members, _) => Value::Object(members),
        };
        self.open.into_iter().map(part).chain([self.root]).collect()
    }

    /// The JSON library reads a whole text faster than slices are read.
    fn parse(self, text: &[u8]) -> Result<Value, SourceError> {
        // The error names the position in the text and what is expected there. It never shows the text.
        strict_json::value(unmarked(text))
            .map_err(|error| SourceError::Malformed(error.to_string()))
    }

    fn items(&self, items: &JsonPath) -> Option<Items> {
        Items::of(items)
    }
}
