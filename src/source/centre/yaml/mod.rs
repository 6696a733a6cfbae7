//! A part of YAML 1.2: what people write into configuration, without what programs read differently.
//!
//! The maintained pull parsers were measured, and none fits. `saphyr-parser` reads all of a list in brackets ahead, before its first event:
//! that is a whole document of JSON. `granit-parser` reads in small steps, but makes the module 115 kB to 150 kB larger, and `yaml-rust2` 78 kB
//! to 108 kB. `libyaml-safer` needs 67 kB to 88 kB, has known panics, and time that grows with the square of the depth. So this is a reader of
//! its own. It refuses what it doesn't read: anchors and aliases, tags, directives, keys that aren't text, several documents.

mod block;
mod flow;
mod fold;
mod open;
mod plain;
mod quoted;
mod resolve;
#[cfg(test)]
mod tests;

use std::fmt;

use serde_json::{Map, Value};

use crate::source::json::unmarked;
use crate::source::{Budget, SourceError};

use super::check::{self, Characters};
use super::cursor::{Cursor, Found, Mark};
use super::format::Decode;
use open::{Open, Tree};
use plain::{Within, plain};
use quoted::quoted;
use resolve::resolve;

/// The cost of a step beside that of its bytes.
const STEP: usize = 24;

/// How much a byte costs.
const COST_OF_BYTE: usize = 3;

/// The furthest column of an entry of a block.
const FURTHEST: usize = 4096;

/// Reads a text in slices: a text between quotes, a plain scalar or a block scalar in one go, and between them as little as wanted.
pub struct YamlReader {
    mark: Mark,
    is_checked: bool,
    expect: Expect,
    in_comment: bool,
    has_marker: bool,
    tree: Tree,
}

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    /// A line of a block. If a value is due, it may begin there.
    Line { is_due: bool },
    /// A value on the line of its dash, key or marker. An entry of a block may begin behind a dash.
    Inline { may_be_block: bool },
    /// Only a comment, up to the end of the line.
    Rest,
    /// An element or a key in brackets, or their end.
    Item,
    /// The colon of a key in brackets.
    Colon,
    /// Its value.
    Value,
    /// A comma, or the end of the brackets.
    Next,
    /// The end of the text.
    Nothing,
}

impl Default for YamlReader {
    fn default() -> Self {
        Self::below(0)
    }
}

impl fmt::Debug for YamlReader {
    /// Without the content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("YamlReader");
        shown.field("expect", &self.expect).finish_non_exhaustive()
    }
}

impl YamlReader {
    /// A reader of a value that stands below so many levels of a document.
    pub(super) const fn below(levels: usize) -> Self {
        Self {
            mark: Mark::START,
            is_checked: false,
            expect: Expect::Line { is_due: true },
            in_comment: false,
            has_marker: false,
            tree: Tree::below(levels),
        }
    }

    /// Takes one step. Returns whether it was the last one.
    fn step(&mut self, cursor: &mut Cursor<'_>) -> Result<bool, SourceError> {
        if self.in_comment {
            self.in_comment = !cursor.skip_line();
            return Ok(false);
        }
        match cursor.skip_blanks() {
            Found::More => {}
            Found::Byte(b'#') if cursor.is_behind_blank() => {
                self.in_comment = true;
                self.end_line();
            }
            Found::Break => {
                self.end_line();
                cursor.pass_break();
            }
            Found::End => return self.end(cursor),
            Found::Byte(_) if cursor.is_marker() => self.marker(cursor)?,
            Found::Byte(byte) => self.content(byte, cursor)?,
        }
        Ok(false)
    }

    /// Notes that nothing more comes on this line.
    const fn end_line(&mut self) {
        let is_due = matches!(self.expect, Expect::Inline { .. });
        if is_due || matches!(self.expect, Expect::Rest) {
            self.expect = Expect::Line { is_due };
        }
    }

    fn content(&mut self, byte: u8, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        match self.expect {
            Expect::Line { is_due } => self.line(is_due, cursor),
            Expect::Inline { may_be_block } => self.value(may_be_block, cursor),
            Expect::Rest if byte == b':' => {
                Err(cursor.refused("a key that isn't text on one line"))
            }
            Expect::Rest => Err(cursor.malformed("something behind a value")),
            Expect::Nothing => Err(cursor.refused("a second document")),
            Expect::Item | Expect::Colon | Expect::Value | Expect::Next => {
                self.in_brackets(byte, cursor)
            }
        }
    }

    /// The marker of a document's beginning or end.
    fn marker(&mut self, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let is_end = cursor.byte() == Some(b'.');
        match self.expect {
            Expect::Line { is_due } if self.tree.is_new() => {
                if is_end || self.has_marker || !is_due {
                    return Err(cursor.refused("a document without a value"));
                }
                self.has_marker = true;
                self.expect = Expect::Inline {
                    may_be_block: false,
                };
            }
            Expect::Line { is_due } if is_end => {
                self.close_all(is_due);
                self.expect = Expect::Nothing;
            }
            Expect::Nothing if is_end => {}
            Expect::Line { .. } | Expect::Nothing => {
                return Err(cursor.refused("a second document"));
            }
            Expect::Inline { .. }
            | Expect::Rest
            | Expect::Item
            | Expect::Colon
            | Expect::Value
            | Expect::Next => {
                return Err(cursor.malformed("the end of the document within brackets"));
            }
        }
        cursor.move_by(3);
        Ok(())
    }

    /// The end of the text.
    fn end(&mut self, cursor: &Cursor<'_>) -> Result<bool, SourceError> {
        self.end_line();
        match self.expect {
            Expect::Line { .. } if self.tree.is_new() => {
                return Err(cursor.malformed("the document is empty"));
            }
            Expect::Line { is_due } => self.close_all(is_due),
            Expect::Nothing => {}
            Expect::Inline { .. }
            | Expect::Rest
            | Expect::Item
            | Expect::Colon
            | Expect::Value
            | Expect::Next => {
                return Err(cursor.malformed("the end of the document within brackets"));
            }
        }
        Ok(true)
    }

    fn close_all(&mut self, is_due: bool) {
        if is_due {
            self.tree.put(Value::Null);
        }
        while self.tree.close() {}
    }

    /// The first content of a line.
    fn line(&mut self, is_due: bool, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let column = column(cursor)?;
        let is_dash = cursor.byte() == Some(b'-') && cursor.is_separated(1);
        if is_due {
            let is_inside = self.tree.column().is_none_or(|parent| column > parent);
            // The dashes of a list may stand in the column of its key.
            let is_own_list =
                is_dash && matches!(self.tree.last(), Some(Open::Map(at, ..)) if *at == column);
            if is_inside || is_own_list {
                return self.value(true, cursor);
            }
            self.tree.put(Value::Null);
        }
        loop {
            let (at, is_list) = match self.tree.last() {
                Some(Open::List(at, _)) => (*at, true),
                Some(Open::Map(at, ..)) => (*at, false),
                Some(Open::Brackets(..) | Open::Braces(..)) | None => {
                    return Err(cursor.malformed("something behind the value of the document"));
                }
            };
            let is_other = column == at && is_dash != is_list;
            if column > at || (is_other && is_dash) {
                return Err(
                    cursor.malformed("a line that is indented otherwise than those before it")
                );
            }
            if column == at && !is_other {
                return self.entry(is_list, cursor);
            }
            self.tree.close();
        }
    }

    /// An entry of the innermost block, which begins here.
    fn entry(&mut self, is_list: bool, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        if is_list {
            cursor.move_by(1);
            self.expect = Expect::Inline { may_be_block: true };
            return Ok(());
        }
        match self.scalar(cursor)? {
            Scalar::Key(key) => self.key(key, cursor),
            Scalar::Value(_) => Err(cursor.malformed("a key without a colon")),
        }
    }

    /// A value, which begins here.
    fn value(&mut self, may_be_block: bool, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        match cursor.byte() {
            Some(b'-') if cursor.is_separated(1) => {
                if !may_be_block {
                    return Err(cursor.malformed("a list that begins on the line of its key"));
                }
                self.open(Open::List(column(cursor)?, Vec::new()), cursor)?;
                self.entry(true, cursor)
            }
            Some(byte @ (b'[' | b'{')) => self.open_brackets(byte, cursor),
            Some(b'|' | b'>') => {
                let Some(parent) = self.tree.column() else {
                    return Err(cursor.refused("a text by `|` or `>` that is the whole document"));
                };
                let text = block::block(cursor, parent)?;
                self.tree.put(Value::String(text));
                self.expect = Expect::Line { is_due: false };
                Ok(())
            }
            _ => {
                let mut begin = *cursor;
                match self.scalar(cursor)? {
                    Scalar::Key(_) if !may_be_block => {
                        Err(begin.malformed("a key on the line of another one"))
                    }
                    Scalar::Key(key) => {
                        self.open(
                            Open::Map(column(&begin)?, Map::new(), String::new()),
                            &mut begin,
                        )?;
                        self.key(key, cursor)
                    }
                    Scalar::Value(value) => {
                        self.tree.put(value);
                        self.expect = Expect::Rest;
                        Ok(())
                    }
                }
            }
        }
    }

    /// Reads a plain or a quoted scalar of a block. The colon of a key isn't passed.
    fn scalar(&self, cursor: &mut Cursor<'_>) -> Result<Scalar, SourceError> {
        if let Some(quote @ (b'"' | b'\'')) = cursor.byte() {
            let quoted = quoted(cursor, quote)?;
            let is_colon = cursor.skip_blanks() == Found::Byte(b':') && cursor.is_separated(1);
            return Ok(if is_colon && !quoted.has_lines {
                Scalar::Key(quoted.text)
            } else {
                Scalar::Value(Value::String(quoted.text))
            });
        }
        let begin = *cursor;
        let plain = plain(cursor, Within::Block(self.tree.column()))?;
        if !plain.is_key {
            return Ok(Scalar::Value(resolve(plain.text)));
        }
        refuse_merge(&plain.text, &begin)?;
        Ok(Scalar::Key(plain.text))
    }

    /// Takes a key of the innermost map, up to its colon.
    fn key(&mut self, key: String, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        if !self.tree.name(key) {
            return Err(cursor.malformed("a key that its map has already"));
        }
        cursor.move_by(1);
        self.expect = Expect::Inline {
            may_be_block: false,
        };
        Ok(())
    }

    fn open(&mut self, open: Open, cursor: &mut Cursor<'_>) -> Result<(), SourceError> {
        let is_open = self.tree.open(open);
        is_open
            .then_some(())
            .ok_or_else(|| cursor.refused("values that nest too deep"))
    }
}

/// A scalar of a block.
enum Scalar {
    Key(String),
    Value(Value),
}

/// The column of the content that begins here, with spaces and dashes before it.
fn column(cursor: &Cursor<'_>) -> Result<usize, SourceError> {
    let column = cursor.column();
    if column > FURTHEST {
        return Err(cursor.refused(&format!("more than {FURTHEST} blanks before an entry")));
    }
    let start = cursor.mark.at.saturating_sub(column);
    if cursor.since(start).contains(&b'\t') {
        return Err(cursor.malformed("a tab in the indentation"));
    }
    Ok(column)
}

/// A plain `<<` merges maps in YAML 1.1, and is a key in YAML 1.2.
fn refuse_merge(key: &str, at: &Cursor<'_>) -> Result<(), SourceError> {
    if key == "<<" {
        return Err(at.refused("a merge key (`<<`): write the merged entries here"));
    }
    Ok(())
}

impl Decode for YamlReader {
    fn media_type(&self) -> &'static str {
        "application/yaml, */*;q=0.1"
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        let text = unmarked(text);
        while !budget.is_spent() {
            if !self.is_checked {
                let (mark, characters) = (&mut self.mark, Characters::Printable);
                self.is_checked = check::advance(mark, text, characters, budget)?;
                continue;
            }
            let before = self.mark.at;
            let mut cursor = Cursor::new(text, self.mark);
            let is_end = self.step(&mut cursor)?;
            self.mark = cursor.mark;
            let moved = self.mark.at.saturating_sub(before);
            budget.spend(moved.saturating_mul(COST_OF_BYTE).saturating_add(STEP));
            if is_end {
                return Ok(Some(self.tree.take()));
            }
        }
        Ok(None)
    }

    fn into_parts(self) -> Vec<Value> {
        self.tree.into_parts()
    }
}
