//! Quoted scalars (YAML 1.2.2 §7.3.1 and §7.3.2).

use crate::source::SourceError;

use super::fold::Folded;
use crate::source::centre::cursor::{Cursor, is_blank, is_break};

/// A quoted scalar, read up to the byte behind its last quote.
#[derive(Debug)]
pub(super) struct Quoted {
    pub(super) text: String,
    pub(super) has_lines: bool,
}

/// Reads the quoted scalar that begins here.
pub(super) fn quoted(cursor: &mut Cursor<'_>, quote: u8) -> Result<Quoted, SourceError> {
    let start = cursor.mark.at;
    cursor.move_by(1);
    let mut folded = Folded::default();
    // What stands before an escape isn't trimmed, nor the escape.
    let mut kept = 0;
    let mut has_lines = false;
    loop {
        plain_part(cursor, quote, start, &mut folded);
        cursor.check_length(start)?;
        match cursor.byte() {
            None => return Err(cursor.malformed("the end of the document within quotes")),
            Some(b'\'') if quote == b'\'' && cursor.ahead(1) == Some(b'\'') => {
                cursor.move_by(2);
                folded.line(b"'");
            }
            Some(b'\\') => {
                cursor.move_by(1);
                if cursor.byte().is_some_and(is_break) {
                    has_lines = true;
                    let breaks = breaks(cursor, start)?;
                    // The first line break is escaped.
                    folded.breaks(if breaks > 1 { breaks } else { 0 });
                } else {
                    let escaped = escape(cursor)?;
                    folded.line(escaped.encode_utf8(&mut [0; 4]).as_bytes());
                }
                kept = folded.len();
            }
            Some(byte) if is_break(byte) => {
                has_lines = true;
                folded.trim(kept);
                folded.breaks(breaks(cursor, start)?);
                kept = folded.len();
            }
            Some(_) => {
                cursor.move_by(1);
                let text = folded.finish();
                let text = text.ok_or_else(|| cursor.malformed("no UTF-8"))?;
                return Ok(Quoted { text, has_lines });
            }
        }
    }
}

/// Reads up to a quote, an escape or the end of the line.
fn plain_part(cursor: &mut Cursor<'_>, quote: u8, start: usize, folded: &mut Folded) {
    let rest = cursor.window(start);
    let is_over = |byte: u8| byte == quote || is_break(byte) || (byte == b'\\' && quote == b'"');
    let length = rest.iter().position(|byte| is_over(*byte));
    let part = length.and_then(|length| rest.get(..length)).unwrap_or(rest);
    folded.line(part);
    cursor.move_by(part.len());
}

/// Goes over line breaks and the blanks around them, and counts them.
fn breaks(cursor: &mut Cursor<'_>, start: usize) -> Result<usize, SourceError> {
    let mut count = 0_usize;
    while cursor.byte().is_some_and(is_break) {
        cursor.pass_break();
        count = count.saturating_add(1);
        if cursor.is_marker() {
            return Err(cursor.malformed("the end of the document within quotes"));
        }
        let rest = cursor.window(start);
        let blanks = rest.iter().position(|byte| !is_blank(*byte));
        cursor.move_by(blanks.unwrap_or(rest.len()));
        cursor.check_length(start)?;
    }
    Ok(count)
}

/// The character that is escaped here, behind the backslash.
fn escape(cursor: &mut Cursor<'_>) -> Result<char, SourceError> {
    let begin = *cursor;
    escaped(cursor).ok_or_else(|| begin.malformed("an escape that means no character"))
}

#[inline(never)]
fn escaped(cursor: &mut Cursor<'_>) -> Option<char> {
    let name = cursor.byte()?;
    cursor.move_by(1);
    match name {
        b'x' => char::from_u32(cursor.hexadecimal(2)?),
        // JSON writes a character above U+FFFF as a pair of surrogates.
        b'u' => cursor.utf_16(),
        b'U' => char::from_u32(cursor.hexadecimal(8)?),
        _ => named(name),
    }
}

/// YAML 1.2.2 §5.7.
const fn named(name: u8) -> Option<char> {
    Some(match name {
        b'0' => '\0',
        b'a' => '\u{7}',
        b'b' => '\u{8}',
        b't' | b'\t' => '\t',
        b'n' => '\n',
        b'v' => '\u{b}',
        b'f' => '\u{c}',
        b'r' => '\r',
        b'e' => '\u{1b}',
        b' ' | b'"' | b'/' | b'\\' => name as char,
        b'N' => '\u{85}',
        b'_' => '\u{a0}',
        b'L' => '\u{2028}',
        b'P' => '\u{2029}',
        _ => return None,
    })
}
