//! A window over a text. It finds the ends of values without parsing them.

use std::borrow::Cow;

use crate::config::{Chunks, ConfigErrors};

/// The maximum depth of nested lists and maps: serde_json's limit, counted from the parsed value.
const DEEPEST: usize = 127;

/// The reason why a walk through a text ended.
#[derive(Debug)]
pub(in crate::config) enum WalkError {
    /// The text can't be read.
    Unreadable(ConfigErrors),
    /// It isn't a JSON object, or it is nested too deep. The strict check reports the details.
    Malformed,
}

/// A part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::config) struct Span {
    pub(in crate::config) start: usize,
    pub(in crate::config) end: usize,
}

/// The position of one value.
#[derive(Clone, Copy, Debug)]
pub(in crate::config) struct ValueSpan {
    pub(in crate::config) span: Span,
    /// The approximate number of entries of a list or map, for allocations.
    pub(in crate::config) entries: usize,
}

/// A moving part of a text in memory.
pub(in crate::config) struct Window<'t> {
    text: &'t dyn Chunks,
    held: Cow<'t, [u8]>,
    start: usize,
    size: usize,
}

impl<'t> Window<'t> {
    /// A window of `size` bytes, or more where one value needs more.
    pub(in crate::config) fn new(text: &'t dyn Chunks, size: usize) -> Self {
        Self {
            text,
            held: Cow::Borrowed(&[]),
            start: 0,
            size: size.max(1),
        }
    }

    /// The bytes in memory from `at` on. Empty only at the end of the text.
    fn rest(&mut self, at: usize) -> Result<&[u8], WalkError> {
        let mut within = at.wrapping_sub(self.start);
        if within >= self.held.len() {
            if at >= self.text.length() {
                return Ok(&[]);
            }
            self.load(at, self.size)?;
            within = 0;
        }
        Ok(self.held.get(within..).unwrap_or_default())
    }

    fn load(&mut self, at: usize, most: usize) -> Result<(), WalkError> {
        // Frees the old chunk first: the memory for both would never be given back.
        self.held = Cow::Borrowed(&[]);
        self.held = self.text.chunk(at, most).map_err(WalkError::Unreadable)?;
        self.start = at;
        if self.held.is_empty() {
            let mut errors = ConfigErrors::default();
            errors.push("", "the text ends before it should");
            return Err(WalkError::Unreadable(errors));
        }
        Ok(())
    }

    /// The bytes of a span.
    pub(in crate::config) fn bytes(&mut self, span: Span) -> Result<&[u8], WalkError> {
        let length = span.end.saturating_sub(span.start);
        let within = span.start.wrapping_sub(self.start);
        let held = self.held.len().checked_sub(within);
        if held.is_none_or(|held| held < length) {
            self.load(span.start, self.size.max(length))?;
        }
        let within = span.start.wrapping_sub(self.start);
        let rest = self.held.get(within..).unwrap_or_default();
        rest.get(..length).ok_or(WalkError::Malformed)
    }

    /// The next byte that isn't a blank, and its position.
    pub(in crate::config) fn next_byte(&mut self, mut at: usize) -> Result<(usize, u8), WalkError> {
        loop {
            let rest = self.rest(at)?;
            if rest.is_empty() {
                return Err(WalkError::Malformed);
            }
            let blank = |byte: &u8| matches!(byte, b' ' | b'\n' | b'\t' | b'\r');
            let blanks = rest.iter().take_while(|byte| blank(byte)).count();
            let found = rest.get(blanks).copied();
            at = at.saturating_add(blanks);
            if let Some(byte) = found {
                return Ok((at, byte));
            }
        }
    }

    /// Whether only blanks follow.
    pub(in crate::config) fn ends(&mut self, at: usize) -> Result<bool, WalkError> {
        match self.next_byte(at) {
            Ok(_) => Ok(false),
            Err(WalkError::Malformed) => Ok(true),
            Err(unreadable @ WalkError::Unreadable(_)) => Err(unreadable),
        }
    }

    /// The position of the value that begins at `start`, inside of `depth` lists and maps. Only its end is searched; its
    /// content isn't checked.
    pub(in crate::config) fn extent(
        &mut self,
        start: usize,
        depth: usize,
    ) -> Result<ValueSpan, WalkError> {
        let mut scan = Scan {
            depth,
            ..Scan::default()
        };
        let mut at = start;
        loop {
            let rest = self.rest(at)?;
            if rest.is_empty() {
                // Only a word or a number has no closing byte, and an object can't end with one.
                return Err(WalkError::Malformed);
            }
            let length = rest.len();
            match scan.over(rest, depth) {
                Ok(Some(within)) => {
                    let end = at.saturating_add(within);
                    return Ok(ValueSpan {
                        span: Span { start, end },
                        entries: scan.commas.saturating_add(1),
                    });
                }
                Ok(None) => at = at.saturating_add(length),
                Err(TooDeep) => return Err(WalkError::Malformed),
            }
        }
    }
}

struct TooDeep;

/// The state of the search for the end of a value.
#[derive(Default)]
struct Scan {
    depth: usize,
    in_text: bool,
    escaped: bool,
    /// Whether it is a word or a number.
    bare: bool,
    commas: usize,
}

impl Scan {
    /// Scans `bytes`. Returns the position after the value's last byte, if it is among them.
    fn over(&mut self, bytes: &[u8], outside: usize) -> Result<Option<usize>, TooDeep> {
        let mut bytes = bytes.iter().enumerate();
        loop {
            // Most of a policy is text, so strings have their own loop.
            if self.in_text {
                let Some((at, &byte)) = self.end_of_text(&mut bytes) else {
                    return Ok(None);
                };
                if byte == b'"' {
                    self.in_text = false;
                    if self.depth == outside {
                        return Ok(Some(at.saturating_add(1)));
                    }
                }
                continue;
            }
            let Some((at, &byte)) = bytes.next() else {
                return Ok(None);
            };
            if let Some(end) = self.outside_text(at, byte, outside)? {
                return Ok(Some(end));
            }
        }
    }

    /// The next byte of a string that may end it.
    fn end_of_text<'b>(
        &mut self,
        bytes: &mut impl Iterator<Item = (usize, &'b u8)>,
    ) -> Option<(usize, &'b u8)> {
        if self.escaped {
            bytes.next()?;
            self.escaped = false;
        }
        let found = bytes.find(|(_, byte)| matches!(byte, b'"' | b'\\'))?;
        self.escaped = *found.1 == b'\\';
        Some(found)
    }

    /// Scans one byte outside of strings. Returns the position after the value's last byte, if this byte ends it.
    fn outside_text(
        &mut self,
        at: usize,
        byte: u8,
        outside: usize,
    ) -> Result<Option<usize>, TooDeep> {
        match byte {
            b'"' | b'[' | b'{' if self.bare => return Ok(Some(at)),
            b'"' => self.in_text = true,
            b'[' | b'{' => {
                self.depth = self.depth.saturating_add(1);
                if self.depth > DEEPEST {
                    return Err(TooDeep);
                }
            }
            b']' | b'}' | b',' | b' ' | b'\n' | b'\t' | b'\r' if self.depth == outside => {
                return Ok(Some(at));
            }
            b']' | b'}' => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == outside {
                    return Ok(Some(at.saturating_add(1)));
                }
            }
            b',' if self.depth == outside.saturating_add(1) => {
                self.commas = self.commas.saturating_add(1);
            }
            _ if self.depth == outside => self.bare = true,
            _ => {}
        }
        Ok(None)
    }
}
