//! Block scalars: `|` and `>` (YAML 1.2.2 §8.1).

use crate::source::SourceError;

use crate::source::centre::cursor::{Cursor, is_blank, is_break};

/// What becomes of the line breaks at the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Chomping {
    /// One is kept.
    Clip,
    Strip,
    Keep,
}

/// The first line of a block scalar.
#[derive(Clone, Copy, Debug)]
struct Header {
    is_folded: bool,
    chomping: Chomping,
    /// How much the lines are indented, where that is written.
    indent: Option<usize>,
}

/// Reads the block scalar that begins here, within a block that begins in the column `parent`. Ends at the beginning of a line.
pub(super) fn block(cursor: &mut Cursor<'_>, parent: usize) -> Result<String, SourceError> {
    let start = cursor.mark.at;
    let header = header(cursor)?;
    let mut text = BlockText::default();
    let mut indent = header.indent.map(|indent| parent.saturating_add(indent));
    // The deepest of the empty lines at the beginning.
    let mut deepest = 0;
    loop {
        cursor.check_length(start)?;
        let mut next = *cursor;
        next.skip_indent(indent.unwrap_or(usize::MAX), start)?;
        let column = next.column();
        match next.byte() {
            None => {
                cursor.mark = next.mark;
                break;
            }
            Some(byte) if is_break(byte) => {
                deepest = deepest.max(column);
                next.pass_break();
                text.empty_line();
                cursor.mark = next.mark;
                continue;
            }
            Some(_) => {}
        }
        let found = indent.is_some_and(|indent| column < indent);
        if found || column <= parent {
            if next.byte() == Some(b'\t') && column <= parent {
                return Err(next.malformed("a tab in the indentation"));
            }
            break;
        }
        if indent.is_none() && deepest > column {
            return Err(next.malformed("an empty line with more blanks than the text behind it"));
        }
        indent = Some(column).filter(|_| indent.is_none()).or(indent);
        let line_start = next.mark.at;
        let length = next.rest_of_line(start)?;
        next.move_by(length);
        text.line(next.since(line_start), header.is_folded);
        cursor.mark = next.mark;
        if cursor.byte().is_some() {
            cursor.pass_break();
            text.end_line();
        }
    }
    let text = text.finish(header.chomping);
    String::from_utf8(text).map_err(|_| cursor.malformed("no UTF-8"))
}

#[inline(never)]
fn header(cursor: &mut Cursor<'_>) -> Result<Header, SourceError> {
    let mut header = Header {
        is_folded: cursor.byte() == Some(b'>'),
        chomping: Chomping::Clip,
        indent: None,
    };
    cursor.move_by(1);
    while let Some(byte) = cursor.byte() {
        let is_new = header.chomping == Chomping::Clip;
        match byte {
            b'-' if is_new => header.chomping = Chomping::Strip,
            b'+' if is_new => header.chomping = Chomping::Keep,
            b'1'..=b'9' if header.indent.is_none() => {
                header.indent = Some(usize::from(byte.saturating_sub(b'0')));
            }
            _ => break,
        }
        cursor.move_by(1);
    }
    let start = cursor.mark.at;
    while cursor.byte().is_some_and(is_blank) {
        cursor.move_by(1);
        cursor.check_length(start)?;
    }
    match cursor.byte() {
        Some(b'#') if cursor.is_behind_blank() => {
            let length = cursor.rest_of_line(start)?;
            cursor.move_by(length);
        }
        Some(byte) if !is_break(byte) => {
            return Err(cursor.malformed("a character that doesn't belong behind `|` or `>`"));
        }
        Some(_) | None => {}
    }
    if cursor.byte().is_some() {
        cursor.pass_break();
    }
    Ok(header)
}

/// The text so far.
#[derive(Debug, Default)]
struct BlockText {
    text: Vec<u8>,
    /// The line breaks behind it that have no place yet.
    breaks: usize,
    has_lines: bool,
    /// Whether the last line began with a blank: then the line breaks around it aren't folded.
    was_deeper: bool,
}

impl BlockText {
    fn empty_line(&mut self) {
        self.breaks = self.breaks.saturating_add(1);
    }

    fn end_line(&mut self) {
        self.empty_line();
    }

    fn line(&mut self, line: &[u8], is_folded: bool) {
        let is_deeper = line.first().is_some_and(|byte| is_blank(*byte));
        let is_plain = !is_deeper && !self.was_deeper && self.has_lines;
        let breaks = std::mem::take(&mut self.breaks);
        match breaks {
            1 if is_folded && is_plain => self.text.push(b' '),
            _ if is_folded && is_plain => self.push_breaks(breaks.saturating_sub(1)),
            _ => self.push_breaks(breaks),
        }
        self.text.extend_from_slice(line);
        self.was_deeper = is_deeper;
        self.has_lines = true;
    }

    fn push_breaks(&mut self, count: usize) {
        let length = self.text.len().saturating_add(count);
        self.text.resize(length, b'\n');
    }

    fn finish(mut self, chomping: Chomping) -> Vec<u8> {
        match chomping {
            Chomping::Strip => {}
            Chomping::Clip => self.push_breaks(self.breaks.min(usize::from(self.has_lines))),
            Chomping::Keep => self.push_breaks(self.breaks),
        }
        self.text
    }
}
