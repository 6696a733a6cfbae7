//! Which characters a text may have.

use crate::source::{Budget, SourceError};

use super::cursor::{Cursor, Mark, is_break};

/// How many bytes are checked between two looks at the budget.
const PIECE: usize = 16 << 10;

/// Which characters of ASCII are allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Characters {
    /// No control characters (YAML 1.2.2 §5.1), and none that ends a line in YAML 1.1 only.
    Printable,
    Any,
}

/// Checks the next piece of the text behind the mark. Returns whether that was the last one: then the mark is at the start
/// again.
pub(super) fn advance(
    mark: &mut Mark,
    text: &[u8],
    characters: Characters,
    budget: &mut Budget,
) -> Result<bool, SourceError> {
    let before = mark.at;
    let mut cursor = Cursor::new(text, *mark);
    check(&mut cursor, text, characters)?;
    *mark = cursor.mark;
    budget.spend(mark.at.saturating_sub(before));
    let is_end = mark.at >= text.len();
    if is_end {
        *mark = Mark::START;
    }
    Ok(is_end)
}

/// Checks the next piece: it is UTF-8, and has only these characters.
fn check(cursor: &mut Cursor<'_>, text: &[u8], characters: Characters) -> Result<(), SourceError> {
    let rest = text.get(cursor.mark.at..).unwrap_or_default();
    let piece = rest.get(..PIECE).unwrap_or(rest);
    let valid = match std::str::from_utf8(piece) {
        Ok(valid) => valid.len(),
        // A character may go beyond the end of the piece.
        Err(error) if error.error_len().is_none() && piece.len() < rest.len() => {
            error.valid_up_to()
        }
        Err(_) => {
            let at = cursor.mark.at;
            return Err(SourceError::Malformed(format!("no UTF-8 behind byte {at}")));
        }
    };
    if characters == Characters::Any {
        cursor.move_by(valid);
        return Ok(());
    }
    let mut bytes = piece.iter().take(valid).peekable();
    while let Some(&byte) = bytes.next() {
        if is_break(byte) {
            let next = bytes.peek().copied().copied();
            let next = next.or_else(|| cursor.ahead(1));
            if byte == b'\r' && next != Some(b'\n') {
                return Err(cursor.malformed("a carriage return without a line feed"));
            }
            if byte == b'\n' {
                cursor.pass_break();
                continue;
            }
        } else if byte.is_ascii_control() && byte != b'\t' {
            return Err(cursor.malformed("a control character"));
        } else if is_old_break(byte, cursor) {
            let what = "a line break of YAML 1.1: write `\\N`, `\\L` or `\\P` in double quotes";
            return Err(cursor.refused(what));
        }
        cursor.move_by(1);
    }
    Ok(())
}

/// Whether U+0085, U+2028 or U+2029 begins here with this byte.
fn is_old_break(byte: u8, cursor: &Cursor<'_>) -> bool {
    let ahead = |distance| cursor.ahead(distance).unwrap_or_default();
    match byte {
        0xc2 => ahead(1) == 0x85,
        0xe2 => ahead(1) == 0x80 && matches!(ahead(2), 0xa8 | 0xa9),
        _ => false,
    }
}
