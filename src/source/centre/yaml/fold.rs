//! Folding of lines (YAML 1.2.2 §6.5).

/// A text of several lines. One line break between two lines is a blank; of several, the first one doesn't count.
#[derive(Debug, Default)]
pub(super) struct Folded(Vec<u8>);

impl Folded {
    /// Appends a line.
    pub(super) fn line(&mut self, line: &[u8]) {
        self.0.extend_from_slice(line);
    }

    /// Appends so many line breaks, which are between two lines.
    pub(super) fn breaks(&mut self, count: usize) {
        match count {
            0 => {}
            1 => self.0.push(b' '),
            _ => {
                let length = self.0.len().saturating_add(count).saturating_sub(1);
                self.0.resize(length, b'\n');
            }
        }
    }

    /// Removes blanks at the end, but none of the first `kept` bytes.
    pub(super) fn trim(&mut self, kept: usize) {
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        while self.0.len() > kept && self.0.last().is_some_and(is_blank) {
            self.0.pop();
        }
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// The text; `None` if it isn't UTF-8.
    pub(super) fn finish(self) -> Option<String> {
        String::from_utf8(self.0).ok()
    }
}
