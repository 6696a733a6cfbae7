//! The format of documents that several contents make, as Spring merges them: the contents, one behind the other.

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

use serde_json::{Map, Value};

use crate::source::centre::format::Decode;
use crate::source::centre::nacos::NacosReader;
use crate::source::centre::pairs::PairsReader;
use crate::source::centre::spring::Merge;
use crate::source::centre::{ContentFormat, ContentReader};
use crate::source::{Budget, PropertyNames, SourceError};

/// The longest line before a content. Nacos allows data IDs of 256 bytes, Consul keys of 512.
const LONGEST_LINE: usize = 4096;

/// The cost of a content beside that of its bytes.
const PART: usize = 64;

/// How each of the contents is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartFormat {
    /// As a content of Nacos in this format.
    Nacos(ContentFormat),
    /// In this format.
    File(ContentFormat),
    /// As a file, in the format that its name tells.
    Named,
    /// As pairs, whose keys are names of properties.
    Pairs,
}

/// Reads contents in slices. Before each one stands a line with its name and its length. Then all values of all contents get
/// their places in a tree, with the common spelling of their names; those of the last content first, because they count.
pub struct PartsReader {
    format: PartFormat,
    /// Where the next line begins.
    at: usize,
    part: Option<Part>,
    read: Vec<Map<String, Value>>,
    merge: Option<Box<Merge>>,
}

/// A content that is being read.
struct Part {
    name: Range<usize>,
    content: Range<usize>,
    reader: PartReader,
}

/// The reader of a content.
enum PartReader {
    Nacos(NacosReader),
    File(ContentReader),
    Pairs(PairsReader),
}

impl PartReader {
    fn of(format: PartFormat, name: &[u8]) -> Self {
        match format {
            PartFormat::Nacos(format) => Self::Nacos(NacosReader::of_part(format)),
            PartFormat::File(format) => Self::File(ContentReader::of_part(format)),
            PartFormat::Named => {
                let name = std::str::from_utf8(name).unwrap_or_default();
                let format = ContentFormat::of_extension(name);
                Self::File(ContentReader::of_part(format.unwrap_or_default()))
            }
            PartFormat::Pairs => Self::Pairs(PairsReader::flat()),
        }
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        match self {
            Self::Nacos(reader) => reader.advance(text, budget),
            Self::File(reader) => reader.advance(text, budget),
            Self::Pairs(reader) => reader.advance(text, budget),
        }
    }

    fn into_parts(self) -> Vec<Value> {
        match self {
            Self::Nacos(reader) => reader.into_parts(),
            Self::File(reader) => reader.into_parts(),
            Self::Pairs(reader) => reader.into_parts(),
        }
    }
}

impl fmt::Debug for PartsReader {
    /// Without the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PartsReader");
        shown.field("at", &self.at).finish_non_exhaustive()
    }
}

impl From<PartFormat> for PartsReader {
    fn from(format: PartFormat) -> Self {
        Self {
            format,
            at: 0,
            part: None,
            read: Vec::new(),
            merge: None,
        }
    }
}

impl PartsReader {
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
        let name_at = self.at..self.at.checked_add(name)?;
        self.at = content.end;
        Some(Part {
            name: name_at,
            content,
            reader: PartReader::of(self.format, line.get(..name)?),
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
            let name = text.get(part.name.clone()).unwrap_or_default();
            match value.map_err(|error| of_part(error, name))? {
                None => {}
                Some(Value::Object(properties)) => {
                    self.read.push(properties);
                    self.part = None;
                }
                Some(_) => {
                    let error = SourceError::Unusable("it is no map of properties".into());
                    return Err(of_part(error, name));
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

/// The same error, with the name of the content that it is about.
fn of_part(error: SourceError, name: &[u8]) -> SourceError {
    let with_name = |reason: String| format!("{}: {reason}", String::from_utf8_lossy(name));
    if let SourceError::Malformed(reason) = error {
        SourceError::Malformed(with_name(reason))
    } else if let SourceError::Unusable(reason) = error {
        SourceError::Unusable(with_name(reason))
    } else {
        error
    }
}

impl Decode for PartsReader {
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
