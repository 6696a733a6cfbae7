//! Patterns of `match()` and `search()`: I-Regexp (RFC 9485), by `regex-lite`.

use regex_lite::{Error, Regex, RegexBuilder};

/// The longest pattern that is taken from a document, and how much memory it may take compiled: it is compiled for each
/// value that it is tried on.
const LONGEST_FOUND: usize = 256;
const LARGEST_FOUND: usize = 64 << 10;

/// What of a text has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// `match()`.
    Whole,
    /// `search()`.
    Part,
}

/// Compiles a pattern.
///
/// # Errors
/// Why it can't be.
pub(super) fn compile(pattern: &str, extent: Extent) -> Result<Regex, Error> {
    let pattern = dotted(pattern);
    // By itself first: `a)(b` is a pattern only between parentheses.
    let part = Regex::new(&pattern)?;
    match extent {
        Extent::Part => Ok(part),
        Extent::Whole => Regex::new(&["\\A(?:", &pattern, ")\\z"].concat()),
    }
}

/// Compiles a pattern that a document holds. One that is long, or large when it is compiled, is none.
pub(super) fn compile_found(pattern: &str, extent: Extent) -> Option<Regex> {
    if pattern.len() > LONGEST_FOUND {
        return None;
    }
    let build = |pattern: &str| {
        let mut builder = RegexBuilder::new(pattern);
        builder.size_limit(LARGEST_FOUND).build().ok()
    };
    let pattern = dotted(pattern);
    let part = build(&pattern)?;
    match extent {
        Extent::Part => Some(part),
        Extent::Whole => build(&["\\A(?:", &pattern, ")\\z"].concat()),
    }
}

/// With `[^\n\r]` for each dot outside of a class (RFC 9485 §5.3).
fn dotted(pattern: &str) -> String {
    let mut text = String::with_capacity(pattern.len());
    let mut in_class = false;
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        match char {
            '.' if !in_class => {
                text.push_str("[^\\n\\r]");
                continue;
            }
            '[' => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        text.push(char);
        if char == '\\' {
            text.extend(chars.next());
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_part() {
        for (pattern, text, whole, part) in [
            ("a|b", "ab", false, true),
            ("a|ab", "ab", true, true),
            ("a.c", "a\rc", false, false),
            ("a[.]c", "abc", false, false),
            ("a\\.c", "a.c", true, true),
            ("[\\]].", "]x", true, true),
            ("", "a", false, true),
            ("[0-9]+", "7", true, true),
            ("b$", "ab\n", false, false),
        ] {
            let matches = |extent| compile(pattern, extent).unwrap().is_match(text);
            assert_eq!(matches(Extent::Whole), whole, "{pattern}");
            assert_eq!(matches(Extent::Part), part, "{pattern}");
        }
        for pattern in ["\\p{Lu}", "\\P{Lu}", "a)(b", "[", "a**{", "(?x)a #"] {
            assert!(compile(pattern, Extent::Whole).is_err(), "{pattern}");
        }
    }
}
