//! The text of a JSONPath (RFC 9535), read from its beginning.

use serde_json::Value;

use super::pattern::{Extent, compile};
use super::relative_path::PathStep;
use crate::source::PropertyNames;
use crate::strict_json;

/// The largest integer that may be written, either way (RFC 9535 §2.1: the exact ones of I-JSON).
const MAX_INTEGER: u64 = 9_007_199_254_740_991;

/// Something else was expected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unexpected<'t> {
    /// The text at this position.
    rest: &'t str,
    expected: Expected,
}

#[derive(Clone, Copy, Debug)]
enum Expected {
    This(&'static str),
    /// A text in quotes that is a pattern. The error of the pattern is found again where it is shown.
    Pattern,
}

impl Unexpected<'_> {
    /// In words, with the line and the column in `text`.
    pub(super) fn told(&self, text: &str) -> String {
        let before = text.strip_suffix(self.rest).unwrap_or_default();
        let line = before.matches('\n').count().saturating_add(1);
        let last = before.rsplit('\n').next().unwrap_or_default();
        let column = last.chars().count().saturating_add(1);
        let at = format!("at {line}:{column}: expected");
        let Expected::This(expected) = self.expected else {
            let pattern = Scanner::new(self.rest, PropertyNames::Exact)
                .string()
                .unwrap_or_default();
            let error = compile(&pattern, Extent::Whole).err();
            let error = error.map_or_else(String::new, |error| format!(": {error}"));
            return format!("{at} a regular expression that can be used{error}");
        };
        format!("{at} {expected}")
    }
}

/// What was read, or what should have been there.
pub(super) type Read<'t, T> = Result<T, Unexpected<'t>>;

/// The rest of a query. A copy is kept to come back to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'t> {
    rest: &'t str,
    /// What its names stand for.
    names: PropertyNames,
}

impl<'t> Scanner<'t> {
    pub(super) const fn new(text: &'t str, names: PropertyNames) -> Self {
        Self { rest: text, names }
    }

    /// The step that a name is.
    pub(super) fn step(self, name: &str) -> PathStep {
        PathStep::by(name, self.names)
    }

    pub(super) const fn unexpected<T>(self, expected: &'static str) -> Read<'t, T> {
        Err(Unexpected {
            rest: self.rest,
            expected: Expected::This(expected),
        })
    }

    /// The text at this position is no valid pattern.
    pub(super) const fn no_pattern<T>(self) -> Read<'t, T> {
        Err(Unexpected {
            rest: self.rest,
            expected: Expected::Pattern,
        })
    }

    pub(super) fn peek(self) -> Option<char> {
        self.rest.chars().next()
    }

    /// Goes past `token`, if that is next.
    pub(super) fn skip(&mut self, token: &str) -> bool {
        let after = self.rest.strip_prefix(token);
        self.rest = after.unwrap_or(self.rest);
        after.is_some()
    }

    pub(super) fn expect(&mut self, token: &str, expected: &'static str) -> Read<'t, ()> {
        if self.skip(token) {
            return Ok(());
        }
        self.unexpected(expected)
    }

    pub(super) fn end(self, expected: &'static str) -> Read<'t, ()> {
        if self.rest.is_empty() {
            return Ok(());
        }
        self.unexpected(expected)
    }

    pub(super) fn blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', '\n', '\r']);
    }

    /// The characters from here on that are `taken`.
    fn run(&mut self, taken: fn(char) -> bool) -> &'t str {
        let after = self.rest.trim_start_matches(taken);
        let run = self.rest.strip_suffix(after).unwrap_or_default();
        self.rest = after;
        run
    }

    /// The name of a function, or a word like `true`; empty if there is none.
    pub(super) fn word(&mut self) -> &'t str {
        self.run(|char| char.is_ascii_lowercase() || char == '_')
    }

    /// A name without quotes.
    pub(super) fn name(&mut self) -> Read<'t, &'t str> {
        if self.peek().is_none_or(|char| char.is_ascii_digit()) {
            return self.unexpected("a name or `*`");
        }
        let start = *self;
        match self.run(|char| char.is_ascii_alphanumeric() || char == '_' || !char.is_ascii()) {
            "" => start.unexpected("a name or `*`"),
            name => Ok(name),
        }
    }

    /// An integer, if there is one.
    pub(super) fn integer(&mut self) -> Read<'t, Option<i64>> {
        let start = *self;
        match self.run(|char| char.is_ascii_digit() || char == '-') {
            "" => Ok(None),
            text => {
                exact(text).map_or_else(|| start.unexpected("an integer"), |read| Ok(Some(read)))
            }
        }
    }

    pub(super) fn number(&mut self) -> Read<'t, Value> {
        let start = *self;
        let text =
            self.run(|char| char.is_ascii_digit() || matches!(char, '-' | '+' | '.' | 'e' | 'E'));
        let read = if text == "-0" || text.contains(['.', 'e', 'E']) {
            // As numbers in documents are read, so that equal ones are equal.
            strict_json::value(text.as_bytes()).ok()
        } else {
            exact(text).map(Value::from)
        };
        read.map_or_else(|| start.unexpected("a number"), Ok)
    }

    /// What the quotes hold, without its escapes.
    pub(super) fn string(&mut self) -> Read<'t, String> {
        const EXPECTED: &str = "text in quotes";
        let start = *self;
        let mut chars = self.rest.chars();
        let quote = chars.next();
        if !matches!(quote, Some('\'' | '"')) {
            return start.unexpected(EXPECTED);
        }
        let mut text = String::new();
        loop {
            let here = Self {
                rest: chars.as_str(),
                ..start
            };
            match chars.next() {
                None => return start.unexpected("text with its closing quote"),
                Some('\0'..='\u{1f}') => return here.unexpected("no control character in text"),
                Some('\\') => match escaped(&mut chars, quote) {
                    Some(char) => text.push(char),
                    None => return here.unexpected("an escape of JSON"),
                },
                char if char == quote => break,
                Some(char) => text.push(char),
            }
        }
        self.rest = chars.as_str();
        Ok(text)
    }
}

/// An integer as RFC 9535 writes it: no leading zeros, no `-0`.
fn exact(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let led = digits.starts_with('0') && text != "0";
    let integer: i64 = text.parse().ok()?;
    (!led && integer.unsigned_abs() <= MAX_INTEGER).then_some(integer)
}

/// The character of an escape, after its backslash.
fn escaped(chars: &mut std::str::Chars<'_>, quote: Option<char>) -> Option<char> {
    Some(match chars.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return unicode(chars),
        itself @ ('/' | '\\') => itself,
        other if Some(other) == quote => other,
        _ => return None,
    })
}

/// Four hex digits, or the pair of surrogates that they begin.
fn unicode(chars: &mut std::str::Chars<'_>) -> Option<char> {
    let first = unit(chars)?;
    let mut units = [first, 0];
    if (0xd800..=0xdbff).contains(&first) {
        *chars = chars.as_str().strip_prefix("\\u")?.chars();
        units = [first, unit(chars)?];
    }
    char::decode_utf16(units).next()?.ok()
}

fn unit(chars: &mut std::str::Chars<'_>) -> Option<u16> {
    let (digits, after) = chars.as_str().split_at_checked(4)?;
    // `from_str_radix` takes a sign.
    let hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    *chars = after.chars();
    hex.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}
