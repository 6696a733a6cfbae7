//! The format of these documents: the data of an object.

#[cfg(test)]
mod tests;

use std::fmt;

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};

use crate::source::centre::format::Decode;
use crate::source::centre::text::TextReader;
use crate::source::centre::{ContentFormat, ContentReader, JsonReader};
use crate::source::{Budget, SourceError};

/// What a value costs beside its bytes.
const VALUE: usize = 64;

/// Reads `{"kind":…,"key":…,"data":{…},"binaryData":{…}}`. With a `key` the document is the value of that name, read in a format.
/// Without one it is a map of all values that are text, without the ends of their last lines.
pub struct KubernetesReader {
    format: Option<ContentFormat>,
    step: Step,
}

enum Step {
    /// The object as it stands.
    Object(JsonReader),
    /// The value that is the document.
    Content(Vec<u8>, Box<ContentReader>),
    /// All values: those to come, with whether they are in base64, and those that are read.
    Map(Vec<(String, Value, Coding)>, Map<String, Value>),
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Text,
    Base64,
}

impl fmt::Debug for KubernetesReader {
    /// Without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesReader").finish_non_exhaustive()
    }
}

impl From<Option<ContentFormat>> for KubernetesReader {
    /// A reader of a value in this format. `None`: in JSON.
    fn from(format: Option<ContentFormat>) -> Self {
        Self {
            format,
            step: Step::Object(JsonReader::default()),
        }
    }
}

impl KubernetesReader {
    /// What follows where the object is read.
    fn pick(&self, mut object: Value) -> Result<Step, SourceError> {
        let coding = match object.get("kind").and_then(Value::as_str) {
            Some("Secret") => Coding::Base64,
            _ => Coding::Text,
        };
        let mut take = |name: &str| object.get_mut(name).map(Value::take);
        let mut values = Vec::new();
        for (member, coding) in [("data", coding), ("binaryData", Coding::Base64)] {
            match take(member) {
                None | Some(Value::Null) => {}
                Some(Value::Object(map)) => {
                    values.extend(map.into_iter().map(|(name, value)| (name, value, coding)));
                }
                Some(_) => return Err(malformed("the data are no map")),
            }
        }
        let Some(Value::String(key)) = take("key") else {
            return Ok(Step::Map(values, Map::new()));
        };
        let value = values.into_iter().find(|(name, ..)| *name == key);
        let (_, value, coding) = value.ok_or(SourceError::Missing)?;
        let content = decode(value, coding)?;
        let reader = ContentReader::from(self.format.unwrap_or_default());
        Ok(Step::Content(content, Box::new(reader)))
    }
}

impl Decode for KubernetesReader {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            match &mut self.step {
                Step::Object(reader) => {
                    if let Some(object) = reader.advance(text, budget)? {
                        self.step = self.pick(object)?;
                    }
                }
                Step::Content(content, reader) => return reader.advance(content, budget),
                Step::Map(values, read) => {
                    let Some((name, value, coding)) = values.pop() else {
                        return Ok(Some(Value::Object(std::mem::take(read))));
                    };
                    let content = decode(value, coding)?;
                    budget.spend(content.len().saturating_add(VALUE));
                    // A map may hold things beside texts, such as a key store. They are nothing that a policy could use.
                    if let Ok(text) = TextReader::below(1).parse(&content) {
                        read.insert(name, text);
                    }
                }
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        match self.step {
            Step::Object(reader) => reader.into_parts(),
            Step::Content(_, reader) => reader.into_parts(),
            Step::Map(values, read) => {
                let values = values.into_iter().map(|(_, value, _)| value);
                values.chain([Value::Object(read)]).collect()
            }
        }
    }
}

/// The bytes of a value.
fn decode(value: Value, coding: Coding) -> Result<Vec<u8>, SourceError> {
    let Value::String(text) = value else {
        return Err(malformed("a value is no text"));
    };
    let mut bytes = text.into_bytes();
    if coding == Coding::Base64 {
        let decoded = Base64::decode_in_place(&mut bytes).map(<[u8]>::len);
        let length = decoded.map_err(|_| malformed("a value is no base64"))?;
        bytes.truncate(length);
    }
    Ok(bytes)
}

fn malformed(what: &str) -> SourceError {
    SourceError::Malformed(what.into())
}
