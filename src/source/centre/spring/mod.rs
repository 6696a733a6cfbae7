//! Spring Cloud Config: the environment of an application, which has its properties with flat names. It is read by plain HTTP.
//! The endpoint has no conditional requests, so the hash of the bytes tells whether anything has changed: the `version` of a
//! Git back end is in these bytes.

mod leaves;
mod lists;
mod merge;
mod merged;
mod names;
mod on_demand;
mod origin;
#[cfg(test)]
mod tests;

use serde_json::Value;

use crate::http::{is_unreserved, percent_encode_into, reads_as_dots};
use crate::source::{Budget, SourceError};

use super::format::Decode;
use super::json::JsonReader;

pub(super) use merge::Merge;

pub use merged::SpringMergedReader;
pub use on_demand::{SpringKey, SpringProtocol};

/// A name in the path of an environment. The server reads `(_)` as `/`. `None` if a part of the name is empty or may be read as
/// a dot segment.
#[must_use]
pub(crate) fn environment_segment(name: &str) -> Option<String> {
    segments(name)?;
    Some(encoded(&name.replace('/', "(_)")))
}

/// A name of one or more segments, encoded. `None` if one is empty or may be read as a dot segment.
#[must_use]
pub(crate) fn file_segments(name: &str) -> Option<String> {
    segments(name)?;
    Some(encoded(name))
}

/// `None` if a segment of the name is empty or may be read as a dot segment.
fn segments(name: &str) -> Option<()> {
    let mut parts = name.split('/');
    let is_unfit = |part: &str| part.is_empty() || reads_as_dots(part.as_bytes());
    (!parts.any(is_unfit)).then_some(())
}

fn encoded(name: &str) -> String {
    let mut encoded = Vec::new();
    percent_encode_into(&mut encoded, name.as_bytes(), |byte| {
        is_unreserved(byte) || b"(),/".contains(&byte)
    });
    String::from_utf8(encoded).unwrap_or_default()
}

/// Reads an environment in slices: first the text, then each property of it, which gets its place in a tree.
#[derive(Debug, Default)]
pub struct SpringEnvironmentReader {
    stage: Stage,
    is_by_key: bool,
}

/// The same for an application that a request names: what all applications share is no entry, whatever the name.
#[derive(Debug)]
pub struct SpringEntryReader(SpringEnvironmentReader);

impl Default for SpringEntryReader {
    fn default() -> Self {
        Self(SpringEnvironmentReader {
            is_by_key: true,
            ..SpringEnvironmentReader::default()
        })
    }
}

#[derive(Debug)]
enum Stage {
    Text(JsonReader),
    Merge(Box<Merge>),
}

impl Default for Stage {
    fn default() -> Self {
        Self::Text(JsonReader::default())
    }
}

impl SpringEnvironmentReader {
    /// Values of the text of up to `whole` bytes are read in one go.
    #[must_use]
    pub const fn in_pieces(whole: usize) -> Self {
        Self {
            stage: Stage::Text(JsonReader::in_pieces(whole)),
            is_by_key: false,
        }
    }
}

impl Decode for SpringEnvironmentReader {
    /// A media type of its own asks for the origin of each property, which isn't read here.
    fn media_type(&self) -> &'static str {
        "application/json"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            match &mut self.stage {
                Stage::Text(reader) => {
                    if let Some(root) = reader.advance(text, budget)? {
                        let merge = Merge::new(root, self.is_by_key);
                        self.stage = Stage::Merge(Box::new(merge));
                    }
                }
                Stage::Merge(merge) => {
                    if let Some(tree) = merge.step(budget)? {
                        return Ok(Some(tree));
                    }
                }
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        match self.stage {
            Stage::Text(reader) => reader.into_parts(),
            Stage::Merge(merge) => merge.into_parts(),
        }
    }
}

impl Decode for SpringEntryReader {
    fn media_type(&self) -> &'static str {
        self.0.media_type()
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        self.0.advance(text, budget)
    }

    fn into_parts(self) -> Vec<Value> {
        self.0.into_parts()
    }
}
