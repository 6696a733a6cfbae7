//! What a JSONPath may not have, although RFC 9535 or the parser would accept it.

use super::error::{JsonPathError, MAX_BYTES, MAX_NESTING};

/// How deep function calls may nest.
const MAX_CALLS: u32 = 2;

/// Checks a query before it is parsed.
///
/// # Errors
/// Everything but [`JsonPathError::Malformed`].
pub(super) fn check(text: &str) -> Result<(), JsonPathError> {
    let bytes = text.len();
    if bytes > MAX_BYTES {
        return Err(JsonPathError::TooLong { bytes });
    }
    let mut scan = Scan::default();
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        scan.step(char)?;
        if matches!(char, '\'' | '"') {
            skip_string(&mut chars, char);
        }
    }
    Ok(())
}

fn skip_string(chars: &mut std::str::Chars<'_>, quote: char) {
    while let Some(char) = chars.next() {
        if char == quote {
            return;
        }
        if char == '\\' {
            chars.next();
        }
    }
}

/// The kind of the character before the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Beside {
    #[default]
    Sign,
    Name,
    BlankAfterName,
}

#[derive(Debug, Default)]
struct Scan {
    depth: usize,
    beside: Beside,
    /// The open brackets, one bit each, the innermost last: set for the bracket of a function.
    calls: u32,
}

impl Scan {
    fn step(&mut self, char: char) -> Result<(), JsonPathError> {
        match char {
            '(' | '[' => {
                self.depth = self.depth.saturating_add(1);
                let is_call = char == '(' && self.beside == Beside::Name;
                self.calls = (self.calls << 1) | u32::from(is_call);
            }
            ')' | ']' => {
                self.depth = self.depth.saturating_sub(1);
                self.calls >>= 1;
            }
            _ => {}
        }
        if self.depth > MAX_NESTING || self.calls.count_ones() > MAX_CALLS {
            return Err(JsonPathError::TooDeep);
        }
        self.blanks(char)
    }

    /// In RFC 9535 two names are never adjacent: the quotes are missing.
    fn blanks(&mut self, char: char) -> Result<(), JsonPathError> {
        let is_name = char.is_ascii_alphanumeric() || char == '_' || !char.is_ascii();
        let is_blank = char.is_ascii_whitespace();
        self.beside = match self.beside {
            Beside::BlankAfterName if is_name => return Err(JsonPathError::InnerBlank),
            _ if is_name => Beside::Name,
            Beside::Name | Beside::BlankAfterName if is_blank => Beside::BlankAfterName,
            Beside::Sign | Beside::Name | Beside::BlankAfterName => Beside::Sign,
        };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::JsonPath;
    use super::*;

    #[test]
    fn accepts_and_refuses() {
        let long = format!("$.{}", "a".repeat(MAX_BYTES));
        let deep = |levels: usize| format!("$[?{}@{}]", "(".repeat(levels), ")".repeat(levels));
        for (query, error) in [
            (long.as_str(), Some(JsonPathError::TooLong { bytes: 2050 })),
            (&deep(7), None),
            (&deep(8), Some(JsonPathError::TooDeep)),
            ("$['(((((((((((((']", None),
            ("$['\\'((((((((((((']", None),
            ("$[?@[?@.a]]", None),
            ("$[?(@.a[?@ > 1])]", None),
            ("$[?@.a][?@.b]", None),
            ("$[?@.a, ?@.b]", None),
            ("$[?@['?'] == '?']", None),
            ("$.a b", Some(JsonPathError::InnerBlank)),
            ("$.a\n_", Some(JsonPathError::InnerBlank)),
            ("$.a .b [ 0 : 1 ]", None),
            ("$[?length(value($..a)) == length(@.b)]", None),
            (
                "$[?length(value(value(@))) == 1]",
                Some(JsonPathError::TooDeep),
            ),
            ("$[?@.a == 1 && @.b == 'x y']", None),
        ] {
            let checked = JsonPath::compile(query);
            assert_eq!(checked.err(), error, "{query}");
        }
    }

    /// A parser that tries each argument in several ways would take hours for the first of these queries.
    #[test]
    fn the_worst_query_ends() {
        let calls = "length(".repeat(40);
        let refused = JsonPath::compile(&format!("$[?{calls}")).unwrap_err();
        assert_eq!(refused, JsonPathError::TooDeep);
        let most = format!("$[?length(length({}", "!(@)||".repeat(300));
        let refused = JsonPath::compile(&most).unwrap_err();
        assert!(matches!(refused, JsonPathError::Malformed(_)), "{refused}");
    }
}
