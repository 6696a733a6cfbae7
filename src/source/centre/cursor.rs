//! A position in a text, by line and column. Several readers use it, so its functions are not copied into each of them.

use crate::source::SourceError;

/// The longest text or key, in bytes of the document: each is read in one go.
pub(super) const LONGEST: usize = 256 << 10;

/// How many blanks are skipped in one go.
const BLANKS: usize = 16 << 10;

/// A position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// In bytes from the beginning of the text.
    pub(super) at: usize,
    /// Where its line begins.
    line_start: usize,
    /// How many lines are before it.
    line: usize,
}

/// A text with a position in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    pub(super) mark: Mark,
}

/// What comes behind blanks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// This byte.
    Byte(u8),
    /// The end of the line.
    Break,
    /// The end of the text.
    End,
    /// More blanks.
    More,
}

impl Mark {
    /// The beginning of a text.
    pub(super) const START: Self = Self {
        at: 0,
        line_start: 0,
        line: 0,
    };
}

impl<'t> Cursor<'t> {
    pub(super) const fn new(text: &'t [u8], mark: Mark) -> Self {
        Self { text, mark }
    }

    /// The byte so many bytes ahead.
    pub(super) fn ahead(&self, distance: usize) -> Option<u8> {
        let at = self.mark.at.saturating_add(distance);
        self.text.get(at).copied()
    }

    /// The byte here.
    pub(super) fn byte(&self) -> Option<u8> {
        self.ahead(0)
    }

    /// How many bytes are before this position in its line.
    pub(super) const fn column(&self) -> usize {
        self.mark.at.saturating_sub(self.mark.line_start)
    }

    pub(super) const fn move_by(&mut self, bytes: usize) {
        self.mark.at = self.mark.at.saturating_add(bytes);
    }

    /// Whether what comes so many bytes ahead separates parts: a blank, or the end of the line.
    pub(super) fn is_separated(&self, distance: usize) -> bool {
        self.ahead(distance)
            .is_none_or(|byte| is_blank(byte) || is_break(byte))
    }

    /// Whether a blank, or the beginning of the line, is before this position: then `#` begins a comment.
    #[inline(never)]
    pub(super) fn is_behind_blank(&self) -> bool {
        let before = self.mark.at.checked_sub(1);
        let before = before.and_then(|at| self.text.get(at));
        self.column() == 0 || before.is_some_and(|byte| is_blank(*byte))
    }

    /// Whether the document ends here, or another one begins.
    #[inline(never)]
    pub(super) fn is_marker(&self) -> bool {
        let rest = self.text.get(self.mark.at..).unwrap_or_default();
        self.column() == 0
            && (rest.starts_with(b"---") || rest.starts_with(b"..."))
            && self.is_separated(3)
    }

    /// Skips blanks of this line.
    #[inline(never)]
    pub(super) fn skip_blanks(&mut self) -> Found {
        for _ in 0..BLANKS {
            match self.byte() {
                None => return Found::End,
                Some(byte) if is_blank(byte) => self.move_by(1),
                Some(byte) if is_break(byte) => return Found::Break,
                Some(byte) => return Found::Byte(byte),
            }
        }
        Found::More
    }

    /// Skips spaces of this line; tabs don't indent.
    #[inline(never)]
    pub(super) fn skip_spaces(&mut self) {
        for _ in 0..BLANKS {
            if self.byte() != Some(b' ') {
                return;
            }
            self.move_by(1);
        }
    }

    /// Goes over the end of a line.
    #[inline(never)]
    pub(super) fn pass_break(&mut self) {
        let is_pair = self.byte() == Some(b'\r') && self.ahead(1) == Some(b'\n');
        self.move_by(if is_pair { 2 } else { 1 });
        self.mark.line_start = self.mark.at;
        self.mark.line = self.mark.line.saturating_add(1);
    }

    /// The rest of the longest text that began at `start`, and one byte more.
    pub(super) fn window(&self, start: usize) -> &'t [u8] {
        let most = start.saturating_add(LONGEST).saturating_add(1);
        let window = self.text.get(..most).unwrap_or(self.text);
        window.get(self.mark.at..).unwrap_or_default()
    }

    /// Skips what is left of a line. Returns whether that is all of it.
    #[inline(never)]
    pub(super) fn skip_line(&mut self) -> bool {
        let rest = self.text.get(self.mark.at..).unwrap_or_default();
        let piece = rest.get(..BLANKS).unwrap_or(rest);
        let length = piece.iter().position(|byte| is_break(*byte));
        self.move_by(length.unwrap_or(piece.len()));
        length.is_some() || piece.len() == rest.len()
    }

    /// Skips spaces up to a column.
    pub(super) fn skip_indent(&mut self, column: usize, start: usize) -> Result<(), SourceError> {
        for _ in 0..LONGEST {
            if self.column() >= column || self.byte() != Some(b' ') {
                break;
            }
            self.move_by(1);
        }
        self.check_length(start)
    }

    /// How long the rest of the line is, in a text that began at `start`.
    #[inline(never)]
    pub(super) fn rest_of_line(&self, start: usize) -> Result<usize, SourceError> {
        let rest = self.window(start);
        match rest.iter().position(|byte| is_break(*byte)) {
            Some(length) => Ok(length),
            None if self.ahead(rest.len()).is_none() => Ok(rest.len()),
            None => Err(self.too_long()),
        }
    }

    /// The text from `start` to here.
    pub(super) fn since(&self, start: usize) -> &'t [u8] {
        self.text.get(start..self.mark.at).unwrap_or_default()
    }

    /// Reads a number of so many hexadecimal digits.
    #[inline(never)]
    pub(super) fn hexadecimal(&mut self, digits: usize) -> Option<u32> {
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = char::from(self.byte()?).to_digit(16)?;
            code = code.checked_mul(16)?.checked_add(digit)?;
            self.move_by(1);
        }
        Some(code)
    }

    /// Reads the character behind `\u`: four digits, and as many behind another `\u` where they are a surrogate.
    #[inline(never)]
    pub(super) fn utf_16(&mut self) -> Option<char> {
        let code = self.hexadecimal(4)?;
        if !(0xd800..0xdc00).contains(&code) {
            return char::from_u32(code);
        }
        let is_pair = self.byte() == Some(b'\\') && self.ahead(1) == Some(b'u');
        self.move_by(2);
        let low = self.hexadecimal(4)?;
        if !is_pair || !(0xdc00..0xe000).contains(&low) {
            return None;
        }
        char::from_u32((((code & 0x3ff) << 10) | (low & 0x3ff)).saturating_add(0x1_0000))
    }

    /// Refuses a text that is too long.
    pub(super) fn check_length(&self, start: usize) -> Result<(), SourceError> {
        if self.mark.at.saturating_sub(start) > LONGEST {
            return Err(self.too_long());
        }
        Ok(())
    }

    #[cold]
    fn too_long(&self) -> SourceError {
        self.refused(&format!("a text longer than {LONGEST} bytes"))
    }

    /// This is not YAML. The error names the position, and never shows the text.
    #[cold]
    pub(super) fn malformed(&self, what: &str) -> SourceError {
        SourceError::Malformed(self.located(what))
    }

    /// This is YAML, but not of the part that is read.
    #[cold]
    pub(super) fn refused(&self, what: &str) -> SourceError {
        SourceError::Unusable(self.located(what))
    }

    #[cold]
    #[inline(never)]
    fn located(&self, what: &str) -> String {
        let line = self.mark.line.saturating_add(1);
        let before = self.since(self.mark.line_start);
        let is_begin = |byte: &&u8| !matches!(byte, 0x80..0xc0);
        let column = before.iter().filter(is_begin).count().saturating_add(1);
        format!("{what} at line {line}, column {column}")
    }
}

pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

pub(super) const fn is_break(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}
