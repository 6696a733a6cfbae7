//! The format of these documents: the contents, one behind the other.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::source::centre::ContentFormat;
use crate::source::centre::format::Decode;
use crate::source::centre::nacos::NacosReader;
use crate::source::centre::spring::Merge;
use crate::source::{Budget, PropertyNames, SourceError};

/// The longest line before a content. Nacos allows data IDs of 256 bytes.
const LONGEST_LINE: usize = 1024;

/// The cost of a content beside that of its bytes.
const PART: usize = 64;

/// Reads contents in slices. Before each one stands a line with its data ID and its length. Then all values of all contents get
/// their places in a tree, with the common spelling of their names; those of the last content first, because they count.
pub struct AlibabaReader {
    format: ContentFormat,
    /// Where the next line begins.
    at: usize,
    part: Option<Part>,
    read: Vec<Map<String, Value>>,
    merge: Option<Box<Merge>>,
}

/// A content that is being read.
struct Part {
    data_id: Range<usize>,
    content: Range<usize>,
    reader: NacosReader,
}

impl fmt::Debug for AlibabaReader {
    /// Without the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("AlibabaReader");
        shown.field("at", &self.at).finish_non_exhaustive()
    }
}

impl From<ContentFormat> for AlibabaReader {
    /// A reader of contents that are all in this format.
    fn from(format: ContentFormat) -> Self {
        Self {
            format,
            at: 0,
            part: None,
            read: Vec::new(),
            merge: None,
        }
    }
}

impl AlibabaReader {
    /// Reads the line at the present position.
    fn line(&mut self, text: &[u8]) -> Option<Part> {
        let rest = text.get(self.at..)?;
        let line = rest.get(..LONGEST_LINE).unwrap_or(rest);
        let line = line.get(..line.iter().position(|byte| *byte == b'\n')?)?;
        let name = line.iter().position(|byte| *byte == b' ')?;
        let length = std::str::from_utf8(line.get(name..)?).ok()?;
        let length: usize = length.trim_start().parse().ok()?;
        let start = self.at.checked_add(line.len())?.checked_add(1)?;
        let content = start..start.checked_add(length)?;
        text.get(content.clone())?;
        let data_id = self.at..self.at.checked_add(name)?;
        self.at = content.end;
        Some(Part {
            data_id,
            content,
            reader: NacosReader::of_part(self.format),
        })
    }

    /// Takes one step. Returns the tree at the end.
    fn step(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        if let Some(merge) = &mut self.merge {
            return merge.step(budget);
        }
        if let Some(part) = &mut self.part {
            let content = text.get(part.content.clone()).unwrap_or_default();
            let value = part.reader.advance(content, budget);
            let data_id = text.get(part.data_id.clone()).unwrap_or_default();
            match value.map_err(|error| of_part(error, data_id))? {
                None => {}
                Some(Value::Object(properties)) => {
                    self.read.push(properties);
                    self.part = None;
                }
                Some(_) => {
                    let error = SourceError::Unusable("it is no map of properties".into());
                    return Err(of_part(error, data_id));
                }
            }
            return Ok(None);
        }
        budget.spend(PART);
        if self.at < text.len() {
            let malformed = || SourceError::Malformed("a content has no length".into());
            self.part = Some(self.line(text).ok_or_else(malformed)?);
        } else {
            let mut read = std::mem::take(&mut self.read);
            read.reverse();
            let merge = Merge::of_files(read, PropertyNames::Relaxed);
            self.merge = Some(Box::new(merge));
        }
        Ok(None)
    }
}

/// The same error, with the data ID of the content that it is about.
fn of_part(error: SourceError, data_id: &[u8]) -> SourceError {
    let with_name = |reason: String| format!("{}: {reason}", String::from_utf8_lossy(data_id));
    if let SourceError::Malformed(reason) = error {
        SourceError::Malformed(with_name(reason))
    } else if let SourceError::Unusable(reason) = error {
        SourceError::Unusable(with_name(reason))
    } else {
        error
    }
}

impl Decode for AlibabaReader {
    fn media_type(&self) -> &'static str {
        "*/*"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            if let Some(tree) = self.step(text, budget)? {
                return Ok(Some(tree));
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        let mut parts: Vec<Value> = self.read.into_iter().map(Value::Object).collect();
        if let Some(part) = self.part {
            parts.extend(part.reader.into_parts());
        }
        if let Some(merge) = self.merge {
            parts.extend(merge.into_parts());
        }
        parts
    }
}
