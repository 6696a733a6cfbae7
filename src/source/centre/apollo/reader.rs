//! The format of Apollo's documents: the whole answer.

use std::fmt;

use serde_json::Value;

use crate::source::centre::format::Decode;
use crate::source::centre::json::JsonReader;
use crate::source::centre::spring::Merge;
use crate::source::centre::{ContentFormat, ContentReader};
use crate::source::{Budget, PropertyNames, SourceError};

/// Reads an answer in slices. The items of a namespace become a tree. A namespace with an extension has one item, the content of a file,
/// which is read in its format.
pub struct ApolloReader {
    format: ContentFormat,
    phase: Phase,
}

enum Phase {
    Answer(Box<JsonReader>),
    Items(Box<Merge>),
    Content(String, Box<ContentReader>),
}

impl fmt::Debug for ApolloReader {
    /// Without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApolloReader").finish_non_exhaustive()
    }
}

impl From<ContentFormat> for ApolloReader {
    /// A reader of this format; properties are those of items.
    fn from(format: ContentFormat) -> Self {
        Self {
            format,
            phase: Phase::Answer(Box::default()),
        }
    }
}

impl ApolloReader {
    /// What follows the answer itself.
    fn open(&self, mut answer: Value) -> Result<Phase, SourceError> {
        let items = answer.get_mut("configurations").map(Value::take);
        let Some(Value::Object(mut items)) = items else {
            let reason = "the answer is none of Apollo: it has no `configurations`";
            return Err(SourceError::Malformed(reason.into()));
        };
        if self.format == ContentFormat::Properties {
            if items.is_empty() {
                return Err(SourceError::Malformed("the document is empty".into()));
            }
            let merge = Merge::of_files(vec![items], PropertyNames::Exact);
            return Ok(Phase::Items(Box::new(merge)));
        }
        match items.get_mut("content").map(Value::take) {
            Some(Value::String(content)) => {
                Ok(Phase::Content(content, Box::new(self.format.into())))
            }
            _ => {
                let reason = "the namespace has no text as its `content`";
                Err(SourceError::Malformed(reason.into()))
            }
        }
    }
}

impl Decode for ApolloReader {
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            match &mut self.phase {
                Phase::Answer(reader) => {
                    if let Some(answer) = reader.advance(text, budget)? {
                        self.phase = self.open(answer)?;
                    }
                }
                Phase::Items(merge) => {
                    if let Some(tree) = merge.step(budget)? {
                        return Ok(Some(tree));
                    }
                }
                Phase::Content(content, reader) => {
                    return reader.advance(content.as_bytes(), budget);
                }
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        match self.phase {
            Phase::Answer(reader) => reader.into_parts(),
            Phase::Items(merge) => merge.into_parts(),
            Phase::Content(_, reader) => reader.into_parts(),
        }
    }
}
