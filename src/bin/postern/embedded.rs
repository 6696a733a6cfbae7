//! From places in a text that stands within a file to places in that file.

use std::collections::BTreeMap;

use crate::yaml::{Position, Style};

/// For each of `wanted` (places in `text`, which was written at `start`), where it stands in `file`. Blanks are passed over
/// on both sides: indentation and folding change nothing else. What can't be found stands where the text begins.
pub(crate) fn places(
    file: &str,
    start: Position,
    style: Style,
    text: &str,
    wanted: impl Iterator<Item = Position>,
) -> BTreeMap<Position, Position> {
    let mut places: BTreeMap<Position, Option<Position>> =
        wanted.map(|mark| (mark, None)).collect();
    let mut written = Written::new(file, start, style);
    let mut here = Position::START;
    for character in text.chars() {
        if character == '\n' {
            here.line = here.line.saturating_add(1);
            here.column = 1;
            continue;
        }
        if !character.is_whitespace() {
            let Some(at) = written.next_sign() else { break };
            if let Some(place) = places.get_mut(&here) {
                *place = Some(at);
            }
        }
        here.column = here.column.saturating_add(1);
    }
    places
        .into_iter()
        .map(|(inner, place)| (inner, place.unwrap_or(start)))
        .collect()
}

/// The signs of a scalar as they stand in the file.
struct Written<'f> {
    rest: std::str::Chars<'f>,
    at: Position,
    style: Style,
    /// Whether it stands in single quotes, where two of them mean one.
    single: bool,
}

impl<'f> Written<'f> {
    fn new(file: &'f str, start: Position, style: Style) -> Self {
        let mut lines = file.split_inclusive('\n');
        let before = start.line.saturating_sub(1);
        let skipped: usize = lines
            .by_ref()
            .take(before)
            .map(str::len)
            .fold(0, usize::saturating_add);
        let mut written = Self {
            rest: file.get(skipped..).unwrap_or_default().chars(),
            at: Position {
                line: start.line,
                column: 1,
            },
            style,
            single: false,
        };
        while written.at.column < start.column && written.at.line == start.line {
            written.advance();
        }
        let first = written.rest.clone().next();
        match style {
            Style::DoubleQuoted => drop(written.advance()),
            Style::Plain if first == Some('\'') => {
                written.single = true;
                written.advance();
            }
            // The rest of the line is the block's header: `|`, `|-`, `|2 # …`.
            Style::Literal | Style::Folded if matches!(first, Some('|' | '>')) => {
                while written.at.line == start.line && written.advance().is_some() {}
            }
            Style::Plain | Style::Literal | Style::Folded => {}
        }
        written
    }

    fn advance(&mut self) -> Option<char> {
        let character = self.rest.next()?;
        if character == '\n' {
            self.at.line = self.at.line.saturating_add(1);
            self.at.column = 1;
        } else {
            self.at.column = self.at.column.saturating_add(1);
        }
        Some(character)
    }

    /// The place of the next sign that is no blank.
    fn next_sign(&mut self) -> Option<Position> {
        loop {
            let at = self.at;
            let character = self.advance()?;
            let sign = match (character, self.style) {
                ('\\', Style::DoubleQuoted) => self.escape()?,
                ('\'', Style::Plain) if self.single => self.advance()?,
                (character, _) => character,
            };
            if !sign.is_whitespace() {
                return Some(at);
            }
        }
    }

    /// What an escape stands for, as far as it matters: a blank, or something else.
    fn escape(&mut self) -> Option<char> {
        let escaped = self.advance()?;
        let digits = match escaped {
            'n' | 't' | 'r' | 'f' | 'v' | 'N' | '_' | 'L' | 'P' => return Some(' '),
            'x' => 2,
            'u' => 4,
            'U' => 8,
            other => return Some(other),
        };
        let mut code = 0_u32;
        for _ in 0..digits {
            let digit = self.advance()?.to_digit(16)?;
            code = code.wrapping_mul(16).wrapping_add(digit);
        }
        if (0xd800..0xdc00).contains(&code) {
            // The second half of the pair belongs to the same sign.
            self.advance()?;
            self.escape()?;
        }
        Some(char::from_u32(code).unwrap_or('?'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Node, Occurrence, Value, read, read_json};

    fn place(file: &str, path: &str) -> (usize, usize) {
        let documents = read(file).unwrap();
        let node = documents[0].root.field(&["v"]).unwrap();
        let Value::Text(text, style) = &node.value else {
            panic!("no text: {node:?}")
        };
        let inner: Node<'_> = read_json(text).unwrap();
        let mark = inner.locate(path, Occurrence::First);
        let found = places(file, node.at, *style, text, [mark].into_iter())[&mark];
        (found.line, found.column)
    }

    #[test]
    fn places_are_found_again() {
        for (file, path, expected) in [
            ("v: |\n  {\"a\":\n    [1, 2]}\n", "a[1]", (3, 9)),
            ("v: |- # it\n\n    {\"a\":\n    1}\n", "a", (3, 6)),
            ("v: >\n  {\"a\":\n  [1,\n  2]}\n", "a[1]", (4, 3)),
            ("v: '{\"a''b\": 1, \"c\": 2}'\n", "c", (1, 17)),
            ("v: \"{\\\"a\\\":\\n [1, 2]}\"\n", "a[1]", (1, 19)),
            ("v: \"{\\\"\\u00e9\\\": 1, \\\"c\\\": 2}\"\n", "c", (1, 21)),
            ("{\"v\": \"{\\\"a\\\": 1}\"}", "a", (1, 9)),
            ("v: \"{\\\"a\\\":\n  1, \\\"c\\\": 3}\"\n", "c", (2, 6)),
        ] {
            assert_eq!(place(file, path), expected, "{file}");
        }
    }
}
