//! Text for a terminal: 80 columns, and colours only where somebody looks.

use std::borrow::Cow;
use std::fmt::Write as _;

use textwrap::{WordSeparator, WordSplitter};

/// Whether somebody looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    None,
    Ansi,
}

/// What a text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Head,
    Good,
    Bad,
}

/// Where lines end.
const WIDTH: usize = 80;

/// The column of what stands beside a label.
const COLUMN: usize = 16;

/// Lines that are being written.
pub(crate) struct Page {
    text: String,
    colours: Colours,
}

impl Page {
    pub(crate) const fn new(colours: Colours) -> Self {
        Self {
            text: String::new(),
            colours,
        }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// A line of its own, wrapped.
    pub(crate) fn line(&mut self, indent: usize, text: &str, tone: Tone) {
        self.wrapped(indent, indent, text, tone);
    }

    /// A label, and beside it what it says, wrapped.
    pub(crate) fn row(&mut self, indent: usize, label: &str, text: &str, tone: Tone) {
        let text = if text.is_empty() { "(empty)" } else { text };
        let start = indent.saturating_add(label.chars().count());
        let _ = write!(self.text, "{:indent$}{label}", "");
        if start >= COLUMN {
            self.text.push('\n');
        }
        let from = if start >= COLUMN { 0 } else { start };
        let mut inner = Self::new(self.colours);
        inner.wrapped(COLUMN, COLUMN, text, tone);
        // The first line is indented already, as far as the label goes.
        let rest = inner.text.get(from..).unwrap_or_default();
        self.text.push_str(rest);
    }

    fn wrapped(&mut self, first: usize, indent: usize, text: &str, tone: Tone) {
        let room = WIDTH.saturating_sub(indent).max(20);
        for (at, line) in wrap(text, room).iter().enumerate() {
            let indent = if at == 0 { first } else { indent };
            let _ = write!(self.text, "{:indent$}", "");
            self.paint(line, tone);
            self.text.push('\n');
        }
    }

    fn paint(&mut self, text: &str, tone: Tone) {
        let code = match (self.colours, tone) {
            (Colours::None, _) | (_, Tone::Plain) => None,
            (Colours::Ansi, Tone::Head) => Some("1"),
            (Colours::Ansi, Tone::Good) => Some("32"),
            (Colours::Ansi, Tone::Bad) => Some("31"),
        };
        match code {
            Some(code) => {
                let _ = write!(self.text, "\x1b[{code}m{text}\x1b[0m");
            }
            None => self.text.push_str(text),
        }
    }
}

/// Lines of at most `width` characters, broken at blanks, and within a word only if the word is longer than that.
fn wrap(text: &str, width: usize) -> Vec<Cow<'_, str>> {
    let options = textwrap::Options::new(width)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    textwrap::wrap(text, options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        let long = "x".repeat(500);
        let mut page = Page::new(Colours::None);
        page.row(2, "label", &long, Tone::Good);
        page.row(2, "a label that is too long", "text", Tone::Plain);
        page.line(4, &"word ".repeat(50), Tone::Plain);
        let text = page.finish();
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(text.contains("  label         xxx"), "{text}");
        assert!(text.contains("\n                text\n"), "{text}");
    }
}
