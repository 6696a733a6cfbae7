//! Positions in a text that is embedded in a file, such as the JSON of a StringValue.

use std::collections::BTreeMap;

use crate::yaml::{Position, Style};

/// For each of `wanted` (positions in `text`, which begins at `start`): the position in `file`. White space is skipped in both,
/// because indentation and folding change only that. A position that isn't found becomes `start`.
pub(crate) fn positions_in_file(
    file: &str,
    start: Position,
    style: Style,
    text: &str,
    wanted: impl Iterator<Item = Position>,
) -> BTreeMap<Position, Position> {
    let mut found: BTreeMap<Position, Option<Position>> =
        wanted.map(|position| (position, None)).collect();
    let mut source = Source::new(file, start, style);
    let mut here = Position::START;
    for character in text.chars() {
        if character == '\n' {
            here.line = here.line.saturating_add(1);
            here.column = 1;
            continue;
        }
        if !character.is_whitespace() {
            let Some(at) = source.next_character() else {
                break;
            };
            if let Some(position) = found.get_mut(&here) {
                *position = Some(at);
            }
        }
        here.column = here.column.saturating_add(1);
    }
    found
        .into_iter()
        .map(|(inner, position)| (inner, position.unwrap_or(start)))
        .collect()
}

/// The characters of a scalar as they are in the file.
struct Source<'f> {
    rest: std::str::Chars<'f>,
    at: Position,
    style: Style,
    /// Whether the scalar is in single quotes. Two of them mean one.
    single: bool,
}

impl<'f> Source<'f> {
    fn new(file: &'f str, start: Position, style: Style) -> Self {
        let mut lines = file.split_inclusive('\n');
        let before = start.line.saturating_sub(1);
        let skipped: usize = lines
            .by_ref()
            .take(before)
            .map(str::len)
            .fold(0, usize::saturating_add);
        let mut source = Self {
            rest: file.get(skipped..).unwrap_or_default().chars(),
            at: Position {
                line: start.line,
                column: 1,
            },
            style,
            single: false,
        };
        while source.at.column < start.column && source.at.line == start.line {
            source.advance();
        }
        let first = source.rest.clone().next();
        match style {
            Style::DoubleQuoted => drop(source.advance()),
            Style::Plain if first == Some('\'') => {
                source.single = true;
                source.advance();
            }
            // The rest of the line is the header of the block: `|`, `|-`, `|2 # …`.
            Style::Literal | Style::Folded if matches!(first, Some('|' | '>')) => {
                while source.at.line == start.line && source.advance().is_some() {}
            }
            Style::Plain | Style::Literal | Style::Folded => {}
        }
        source
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

    /// The position of the next character that isn't white space.
    fn next_character(&mut self) -> Option<Position> {
        loop {
            let at = self.at;
            let character = self.advance()?;
            let meaning = match (character, self.style) {
                ('\\', Style::DoubleQuoted) => self.escape()?,
                ('\'', Style::Plain) if self.single => self.advance()?,
                (character, _) => character,
            };
            if !meaning.is_whitespace() {
                return Some(at);
            }
        }
    }

    /// The character that an escape means. It is exact only as far as white space and other characters differ.
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
            // The second half of a surrogate pair belongs to the same character.
            self.advance()?;
            self.escape()?;
        }
        Some(char::from_u32(code).unwrap_or('?'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{DuplicateKey, Node, Value, read, read_json};

    fn position(file: &str, path: &str) -> (usize, usize) {
        let documents = read(file).unwrap();
        let node = documents[0].root.field(&["v"]).unwrap();
        let Value::Text(text, style) = &node.value else {
            panic!("no text: {node:?}")
        };
        let inner: Node<'_> = read_json(text).unwrap();
        let wanted = inner.locate(path, DuplicateKey::First);
        let found = positions_in_file(file, node.at, *style, text, [wanted].into_iter())[&wanted];
        (found.line, found.column)
    }

    #[test]
    fn finds_positions_in_each_style() {
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
            assert_eq!(position(file, path), expected, "{file}");
        }
    }
}
