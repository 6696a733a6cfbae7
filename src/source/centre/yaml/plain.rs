//! Plain scalars: those without quotes (YAML 1.2.2 §7.3.3).

use crate::source::SourceError;

use super::fold::Folded;
use crate::source::centre::cursor::{Cursor, Found, is_blank, is_break};

/// What a plain scalar stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// A block, which begins in this column; `None` for the document itself.
    Block(Option<usize>),
    /// Brackets.
    Flow,
}

/// A plain scalar, read up to its end.
#[derive(Debug)]
pub(super) struct Plain {
    pub(super) text: String,
    /// Whether it is a key: a colon comes next, which ends a key.
    pub(super) is_key: bool,
}

/// Reads the plain scalar that begins here.
pub(super) fn plain(cursor: &mut Cursor<'_>, within: Within) -> Result<Plain, SourceError> {
    begin(cursor, within)?;
    let start = cursor.mark.at;
    let mut folded = Folded::default();
    let mut lines = 0_usize;
    loop {
        let line = line(cursor, within, start);
        folded.line(line);
        cursor.check_length(start)?;
        let is_key = is_colon(cursor, within);
        let is_block = within != Within::Flow;
        if is_key && is_block && lines > 0 {
            return Err(cursor.malformed("a key of several lines"));
        }
        let breaks = if is_key {
            None
        } else {
            next_line(cursor, within, start)?
        };
        let Some(breaks) = breaks else {
            let text = folded
                .finish()
                .ok_or_else(|| cursor.malformed("no UTF-8"))?;
            return Ok(Plain { text, is_key });
        };
        folded.breaks(breaks);
        lines = lines.saturating_add(1);
    }
}

/// Checks that a plain scalar may begin here.
#[inline(never)]
fn begin(cursor: &Cursor<'_>, within: Within) -> Result<(), SourceError> {
    let is_flow = within == Within::Flow;
    match cursor.byte() {
        Some(b'&' | b'*') => Err(cursor
            .refused("an anchor or an alias: write the value itself, or quotes around a text")),
        Some(b'!') => Err(cursor.refused("a tag: leave it out, or write quotes around a text")),
        Some(b'?') if is_flow || cursor.is_separated(1) => {
            Err(cursor.refused("a key that is introduced by `?`"))
        }
        Some(b'-' | b':') if is_end(cursor, 1, is_flow) => {
            Err(cursor.malformed("`-` or `:` where a value is expected"))
        }
        Some(b'%') => Err(cursor.refused("a directive, or a text that begins with `%`")),
        Some(
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'|' | b'>' | b'"' | b'\'' | b'@' | b'`',
        )
        | None => Err(cursor.malformed("a character that begins no value")),
        Some(_) => Ok(()),
    }
}

/// Whether no plain scalar goes on so many bytes ahead.
fn is_end(cursor: &Cursor<'_>, distance: usize, is_flow: bool) -> bool {
    let is_bracket = cursor.ahead(distance).is_some_and(is_flow_indicator);
    cursor.is_separated(distance) || (is_flow && is_bracket)
}

pub(super) const fn is_flow_indicator(byte: u8) -> bool {
    matches!(byte, b',' | b'[' | b']' | b'{' | b'}')
}

/// Whether a colon stands here that ends a key.
fn is_colon(cursor: &Cursor<'_>, within: Within) -> bool {
    cursor.byte() == Some(b':') && is_end(cursor, 1, within == Within::Flow)
}

/// Reads what is on this line, and goes behind it and its blanks.
#[inline(never)]
fn line<'t>(cursor: &mut Cursor<'t>, within: Within, begin: usize) -> &'t [u8] {
    let start = cursor.mark.at;
    let is_flow = within == Within::Flow;
    let mut end = start;
    let mut is_behind_blank = false;
    for &byte in cursor.window(begin) {
        let is_over = match byte {
            b'#' => is_behind_blank,
            b':' => is_end(cursor, 1, is_flow),
            _ => is_break(byte) || (is_flow && is_flow_indicator(byte)),
        };
        if is_over {
            break;
        }
        is_behind_blank = is_blank(byte);
        cursor.move_by(1);
        if !is_behind_blank {
            end = cursor.mark.at;
        }
    }
    let length = end.saturating_sub(start);
    let read = cursor.since(start);
    read.get(..length).unwrap_or(read)
}

/// Goes to the next line of the scalar, and returns the number of line breaks before it. `None` if it has no further line.
#[inline(never)]
fn next_line(
    cursor: &mut Cursor<'_>,
    within: Within,
    start: usize,
) -> Result<Option<usize>, SourceError> {
    let mut next = *cursor;
    let mut breaks = 0_usize;
    while next.byte().is_some_and(is_break) {
        next.pass_break();
        breaks = breaks.saturating_add(1);
        next.check_length(start)?;
        if next.is_marker() {
            return Ok(None);
        }
        next.skip_spaces();
        let indent = next.column();
        let is_inside = match within {
            Within::Block(parent) => parent.is_none_or(|parent| indent > parent),
            Within::Flow => true,
        };
        let mut found = next.skip_blanks();
        while found == Found::More {
            next.check_length(start)?;
            found = next.skip_blanks();
        }
        match found {
            Found::Break | Found::More => {}
            Found::End | Found::Byte(b'#') => return Ok(None),
            Found::Byte(byte) => {
                let is_over =
                    within == Within::Flow && (is_flow_indicator(byte) || is_colon(&next, within));
                if !is_inside || is_over {
                    return Ok(None);
                }
                *cursor = next;
                return Ok(Some(breaks));
            }
        }
    }
    Ok(None)
}
