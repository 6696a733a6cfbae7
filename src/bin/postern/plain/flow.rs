//! Lists and maps in brackets.

use super::{DEEPEST, END, Kind, Reader, Sink, name};

impl<'a, S: Sink<'a>> Reader<'a, '_, S> {
    /// The list or map whose bracket is here, within a block in `column`.
    pub(super) fn flow(&mut self, column: usize, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        let (kind, end) = if self.peek() == b'[' {
            (Kind::List, b']')
        } else {
            (Kind::Map, b'}')
        };
        self.sink.open(self.at, kind);
        self.step(1);
        loop {
            self.gap(column)?;
            if self.peek() == end {
                self.step(1);
                self.sink.close();
                return Some(());
            }
            if kind == Kind::Map {
                let at = self.at;
                let key = self.scalar(true)?;
                if !self.colon() {
                    return None;
                }
                self.sink.key(at, name(key)?);
                self.step(1);
                self.gap(column)?;
            }
            if matches!(self.peek(), b'[' | b'{') {
                self.flow(column, depth.saturating_add(1))?;
            } else {
                let at = self.at;
                let value = self.scalar(true)?;
                self.sink.scalar(at, value);
            }
            self.gap(column)?;
            match self.peek() {
                b',' => self.step(1),
                byte if byte == end => {}
                _ => return None,
            }
        }
    }

    /// Passes over blanks, comments and line breaks. Lines within brackets are indented more than the block around them.
    fn gap(&mut self, column: usize) -> Option<()> {
        loop {
            self.blanks();
            match self.peek() {
                b'\n' => {
                    self.step(1);
                    let start = self.at;
                    self.blanks();
                    let shallow = self.at.saturating_sub(start) <= column;
                    if shallow && !matches!(self.peek(), b'\n' | b'#') {
                        return None;
                    }
                }
                b'#' if self.begins_comment() => self.comment(),
                b'#' | END => return None,
                _ => return Some(()),
            }
        }
    }
}
