//! The format of these documents: the data of an object.

#[cfg(test)]
mod tests;

use std::fmt;

use base64ct::{Base64, Encoding as _};
use serde_json::{Map, Value};

use crate::source::centre::format::Decode;
use crate::source::centre::{ContentFormat, ContentReader, JsonReader};
use crate::source::{Budget, SourceError};

/// Reads an object, `{"kind":…,"data":{…},"binaryData":{…}}`. With a member `key` the document is the value of that name, read in a
/// format. Without one it is a map of all values that are text, without the ends of their last lines.
pub struct KubernetesReader {
    format: ContentFormat,
    step: Step,
}

enum Step {
    /// The object as it stands.
    Object(JsonReader),
    /// The value that is the document.
    Content(Vec<u8>, Box<ContentReader>),
    /// All values.
    Map(Map<String, Value>),
}

impl fmt::Debug for KubernetesReader {
    /// Without the values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KubernetesReader").finish_non_exhaustive()
    }
}

impl From<Option<ContentFormat>> for KubernetesReader {
    /// A reader of a value in this format. `None`: of all values.
    fn from(format: Option<ContentFormat>) -> Self {
        Self {
            format: format.unwrap_or_default(),
            step: Step::Object(JsonReader::default()),
        }
    }
}

impl KubernetesReader {
    /// Takes the values from an object, all in one go: Kubernetes allows 1 MiB for them together.
    fn pick(&self, mut object: Value) -> Result<Step, SourceError> {
        let is_secret = object.get("kind").and_then(Value::as_str) == Some("Secret");
        let key = object.get_mut("key").map(Value::take);
        let key = key.as_ref().and_then(Value::as_str);
        let mut read = Map::new();
        for (member, is_base64) in [("data", is_secret), ("binaryData", true)] {
            let values = match object.get_mut(member) {
                Some(Value::Object(values)) => values,
                None | Some(Value::Null) => continue,
                Some(_) => return Err(malformed("the data are no map")),
            };
            for (name, value) in values.iter_mut() {
                if key.is_some_and(|key| key != name) {
                    continue;
                }
                let content = decode(value.take(), is_base64)?;
                if key.is_some() {
                    let reader = Box::new(ContentReader::from(self.format));
                    return Ok(Step::Content(content, reader));
                }
                // A map may hold things beside texts, such as a key store. They are nothing that a policy could use.
                let text = ContentReader::below(ContentFormat::Text, 1).parse(&content);
                read.extend(text.ok().map(|text| (name.clone(), text)));
            }
        }
        match key {
            Some(_) => Err(SourceError::Missing),
            None => Ok(Step::Map(read)),
        }
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
                        budget.spend(text.len());
                        self.step = self.pick(object)?;
                    }
                }
                Step::Content(content, reader) => return reader.advance(content, budget),
                Step::Map(read) => return Ok(Some(Value::Object(std::mem::take(read)))),
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        match self.step {
            Step::Object(reader) => reader.into_parts(),
            Step::Content(_, reader) => reader.into_parts(),
            Step::Map(read) => vec![Value::Object(read)],
        }
    }
}

/// The bytes of a value.
fn decode(value: Value, is_base64: bool) -> Result<Vec<u8>, SourceError> {
    let Value::String(text) = value else {
        return Err(malformed("a value is no text"));
    };
    let mut bytes = text.into_bytes();
    if is_base64 {
        let decoded = Base64::decode_in_place(&mut bytes).map(<[u8]>::len);
        let length = decoded.map_err(|_| malformed("a value is no base64"))?;
        bytes.truncate(length);
    }
    Ok(bytes)
}

fn malformed(what: &str) -> SourceError {
    SourceError::Malformed(what.into())
}
