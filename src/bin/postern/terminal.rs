//! Text for a terminal: lines of at most 80 characters, with colours if it is shown on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _};

use textwrap::{WordSeparator, WordSplitter};

/// Whether text has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colours {
    None,
    Ansi,
}

impl Colours {
    /// Colours, if standard output is a terminal and `NO_COLOR` is not set.
    pub(crate) fn of_output() -> Self {
        let is_wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        if is_wanted && io::stdout().is_terminal() {
            Self::Ansi
        } else {
            Self::None
        }
    }
}

/// The style of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    Plain,
    Heading,
    Good,
    Bad,
}

/// The longest line, in characters.
const WIDTH: usize = 80;

/// The column of the text after a label.
const TEXT_COLUMN: usize = 16;

/// Writes lines.
pub(crate) struct TextWriter {
    text: String,
    colours: Colours,
}

impl TextWriter {
    pub(crate) const fn new(colours: Colours) -> Self {
        Self {
            text: String::new(),
            colours,
        }
    }

    pub(crate) fn finish(self) -> String {
        self.text
    }

    /// Writes a text of its own, wrapped.
    pub(crate) fn line(&mut self, indent: usize, text: &str, style: Style) {
        self.wrapped(indent, indent, text, style);
    }

    /// Writes a label and a text after it, wrapped.
    pub(crate) fn row(&mut self, indent: usize, label: &str, text: &str, style: Style) {
        let text = if text.is_empty() { "(empty)" } else { text };
        let start = indent.saturating_add(label.chars().count());
        let _ = write!(self.text, "{:indent$}{label}", "");
        if start >= TEXT_COLUMN {
            self.text.push('\n');
        }
        let from = if start >= TEXT_COLUMN { 0 } else { start };
        let mut inner = Self::new(self.colours);
        inner.wrapped(TEXT_COLUMN, TEXT_COLUMN, text, style);
        // The label is the indentation of the first line.
        let rest = inner.text.get(from..).unwrap_or_default();
        self.text.push_str(rest);
    }

    fn wrapped(&mut self, first: usize, indent: usize, text: &str, style: Style) {
        let room = WIDTH.saturating_sub(indent).max(20);
        for (at, line) in wrap(text, room).iter().enumerate() {
            let indent = if at == 0 { first } else { indent };
            let _ = write!(self.text, "{:indent$}", "");
            self.paint(line, style);
            self.text.push('\n');
        }
    }

    fn paint(&mut self, text: &str, style: Style) {
        let code = match (self.colours, style) {
            (Colours::None, _) | (_, Style::Plain) => None,
            (Colours::Ansi, Style::Heading) => Some("1"),
            (Colours::Ansi, Style::Good) => Some("32"),
            (Colours::Ansi, Style::Bad) => Some("31"),
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

/// Bytes as printable text. Bytes that are no text, and text with control characters, are escaped.
pub(crate) fn printable(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) if !text.chars().any(char::is_control) => text.to_owned(),
        _ => bytes.escape_ascii().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_lines() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("", 4), [""]);
        assert_eq!(wrap("abcdefghij k", 4), ["abcd", "efgh", "ij k"]);
        let long = "x".repeat(500);
        let mut writer = TextWriter::new(Colours::None);
        writer.row(2, "label", &long, Style::Good);
        writer.row(2, "a label that is too long", "text", Style::Plain);
        writer.line(4, &"word ".repeat(50), Style::Plain);
        let text = writer.finish();
        assert!(
            text.lines().all(|line| line.chars().count() <= WIDTH),
            "{text}"
        );
        assert!(text.contains("  label         xxx"), "{text}");
        assert!(text.contains("\n                text\n"), "{text}");
    }
}
