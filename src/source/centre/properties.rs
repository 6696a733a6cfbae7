//! Properties, as Java reads them (`java.util.Properties.load`).

#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::{Map, Value, map};

use crate::source::json::unmarked;
use crate::source::{Budget, PropertyNames, SourceError};

use super::check::{self, Characters};
use super::cursor::{Cursor, Found, Mark, is_break};
use super::format::Decode;
use super::spring::Merge;

/// The cost of a line beside that of its bytes.
const LINE: usize = 64;

/// How much a byte costs.
const COST_OF_BYTE: usize = 4;

/// Reads a text in slices, line by line. Then the flat names become a tree: `a.b` is a map, `a[0]` a list.
#[derive(Debug, Default)]
pub struct PropertiesReader {
    lines: PropertyLines,
    merge: Option<Box<Merge>>,
    /// Whether the value is a map of the flat names.
    is_flat: bool,
}

impl PropertiesReader {
    /// A reader that makes no tree.
    pub(super) fn flat() -> Self {
        Self {
            is_flat: true,
            ..Self::default()
        }
    }
}

/// The properties of a text, with flat names.
pub(super) struct PropertyLines {
    mark: Mark,
    is_checked: bool,
    in_comment: bool,
    read: Map<String, Value>,
}

impl fmt::Debug for PropertyLines {
    /// Without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("PropertyLines");
        shown.field("mark", &self.mark).finish_non_exhaustive()
    }
}

impl Default for PropertyLines {
    fn default() -> Self {
        Self {
            mark: Mark::START,
            is_checked: false,
            in_comment: false,
            read: Map::new(),
        }
    }
}

impl PropertyLines {
    /// Continues to read. Returns the properties at the end.
    pub(super) fn advance(
        &mut self,
        text: &[u8],
        budget: &mut Budget,
    ) -> Result<Option<Map<String, Value>>, SourceError> {
        let text = unmarked(text);
        while !budget.is_spent() {
            if !self.is_checked {
                let (mark, characters) = (&mut self.mark, Characters::Any);
                self.is_checked = check::advance(mark, text, characters, budget)?;
                continue;
            }
            let before = self.mark.at;
            let mut cursor = Cursor::new(text, self.mark);
            let is_end = self.step(&mut cursor)?;
            self.mark = cursor.mark;
            let moved = self.mark.at.saturating_sub(before);
            budget.spend(moved.saturating_mul(COST_OF_BYTE).saturating_add(LINE));
            if is_end {
                return Ok(Some(std::mem::take(&mut self.read)));
            }
        }
        Ok(None)
    }

    /// Takes one step. Returns whether it was the last one.
    fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, SourceError> {
        if self.in_comment {
            self.in_comment = !cursor.skip_line();
            return Ok(false);
        }
        match cursor.skip_blanks() {
            Found::More => {}
            Found::End => return Ok(true),
            Found::Break => cursor.pass_break(),
            Found::Byte(FORM_FEED) => cursor.move_by(1),
            Found::Byte(b'#' | b'!') if cursor.column() == 0 && is_separator(cursor) => {
                return Err(cursor.refused("a second document"));
            }
            Found::Byte(b'#' | b'!') => self.in_comment = true,
            Found::Byte(_) => self.property(cursor)?,
        }
        Ok(false)
    }

    fn property(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let begin = *cursor;
        let (name, value) = line(cursor)?;
        let text = |bytes| String::from_utf8(bytes).map_err(|_| begin.malformed("no UTF-8"));
        let (name, value) = (text(name)?, text(value)?);
        if name.is_empty() {
            return Err(begin.malformed("a property without a name"));
        }
        match self.read.entry(name) {
            map::Entry::Vacant(entry) => {
                entry.insert(Value::String(value));
                Ok(())
            }
            map::Entry::Occupied(_) => Err(begin.malformed("a name that is there already")),
        }
    }

    /// What is read so far, for an incremental drop.
    pub(super) fn into_value(self) -> Value {
        Value::Object(self.read)
    }
}

const FORM_FEED: u8 = 0x0c;

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | FORM_FEED)
}

/// Whether this comment is the line `#---` or `!---`. For Spring a second document begins there, which may be for another profile.
fn is_separator(cursor: &Cursor<'_>) -> bool {
    let is_dash = |distance| cursor.ahead(distance) == Some(b'-');
    let mut behind = *cursor;
    behind.move_by(4);
    (1..4).all(is_dash)
        && matches!(
            behind.skip_blanks(),
            Found::Break | Found::End | Found::More
        )
}

/// The part of a line that is being read.
#[derive(Clone, Copy)]
enum Part {
    Name,
    /// Blanks behind the name.
    Blanks,
    /// Blanks behind `=` or `:`.
    Assigned,
    Value,
}

/// Reads a line, which goes on behind a backslash at its end. Returns its name and its value.
#[inline(never)]
fn line(cursor: &mut Cursor<'_>) -> Result<(Vec<u8>, Vec<u8>), SourceError> {
    let start = cursor.mark.at;
    let (mut name, mut value) = (Vec::new(), Vec::new());
    let mut part = Part::Name;
    while let Some(byte) = cursor.byte().filter(|byte| !is_break(*byte)) {
        cursor.check_length(start)?;
        cursor.move_by(1);
        part = match (part, byte) {
            (_, b'\\') => {
                if cursor.byte().is_some_and(is_break) {
                    cursor.pass_break();
                    skip_blanks(cursor, start)?;
                    continue;
                }
                let is_name = matches!(part, Part::Name);
                escape(cursor, if is_name { &mut name } else { &mut value })?;
                if is_name { Part::Name } else { Part::Value }
            }
            (Part::Name | Part::Blanks, b'=' | b':') => Part::Assigned,
            (Part::Name, byte) if is_blank(byte) => Part::Blanks,
            (Part::Name, byte) => {
                name.push(byte);
                Part::Name
            }
            (Part::Blanks | Part::Assigned, byte) if is_blank(byte) => part,
            (Part::Blanks | Part::Assigned | Part::Value, byte) => {
                value.push(byte);
                Part::Value
            }
        };
    }
    Ok((name, value))
}

#[inline(never)]
fn skip_blanks(cursor: &mut Cursor<'_>, start: usize) -> Result<(), SourceError> {
    let blanks = cursor
        .window(start)
        .iter()
        .position(|byte| !is_blank(*byte));
    cursor.move_by(blanks.unwrap_or_else(|| cursor.window(start).len()));
    cursor.check_length(start)
}

/// Appends the character that is escaped here, behind the backslash.
#[inline(never)]
fn escape(cursor: &mut Cursor<'_>, out: &mut Vec<u8>) -> Result<(), SourceError> {
    // Java drops a backslash at the end of the text.
    let Some(letter) = cursor.byte() else {
        return Ok(());
    };
    let begin = *cursor;
    cursor.move_by(1);
    out.push(match letter {
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'f' => FORM_FEED,
        b'u' => {
            let char = cursor.utf_16();
            let char = char.ok_or_else(|| begin.malformed("an escape that means no character"))?;
            out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(());
        }
        other => other,
    });
    Ok(())
}

impl Decode for PropertiesReader {
    fn media_type(&self) -> &'static str {
        "text/plain, */*;q=0.1"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        while !budget.is_spent() {
            if let Some(merge) = &mut self.merge {
                if let Some(tree) = merge.step(budget)? {
                    return Ok(Some(tree));
                }
            } else if let Some(read) = self.lines.advance(text, budget)? {
                if read.is_empty() {
                    return Err(SourceError::Malformed("the document is empty".into()));
                }
                if self.is_flat {
                    return Ok(Some(Value::Object(read)));
                }
                let merge = Merge::of_files(vec![read], PropertyNames::Exact);
                self.merge = Some(Box::new(merge));
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        let merged = self.merge.map(|merge| merge.into_parts());
        merged.unwrap_or_else(|| vec![self.lines.into_value()])
    }
}
