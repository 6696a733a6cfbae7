//! Regular expressions: `regex-lite`, in linear time, with limits for the expression and for the text.

mod steps;

use regex_lite::{CaptureLocations, Regex, RegexBuilder};

use steps::Steps;

/// The longest expression, in bytes, and how much memory it may take when it is compiled.
const LONGEST: usize = 512;
const LARGEST: usize = 64 << 10;

/// The longest text, in bytes: each byte costs one step for each state of the expression.
pub const LONGEST_TEXT: usize = 8 << 10;

/// The reason why an expression is refused. The operator has to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is longer than 512 bytes.
    #[error("a pattern of {0} bytes, the limit is {LONGEST}")]
    TooLong(usize),
    /// `(?=…)` and the like.
    #[error(
        "look-around is not supported: patterns run in linear time, and for that each byte of the text is read once"
    )]
    LookAround,
    /// `\1`.
    #[error(
        "backreferences are not supported: patterns run in linear time, and no engine can do that with backreferences"
    )]
    BackReference,
    /// It is no expression, or takes more than 64 KiB when it is compiled.
    #[error("{0}")]
    Malformed(String),
}

/// The text is longer than 8 KiB, so the expression was not tried on it. Whether it would match is unknown: this must not pass for
/// "no match".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextTooLong;

/// A regular expression. Two of them are equal if they are written alike.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    extent: Extent,
    regex: Regex,
    /// The same in steps, if there is no choice in it.
    steps: Option<Steps>,
    /// The indices of the groups that have names, in order.
    named: Box<[usize]>,
}

/// Where a group of an expression matched, in bytes of the text. `None` if it took no part in the match.
pub(crate) type GroupSpan = Option<(usize, usize)>;

/// What of a text has to match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extent {
    Whole,
    Part,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.extent == other.extent
    }
}

impl Eq for Pattern {}

impl Pattern {
    /// An expression that has to match all of a text.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn whole(text: &str) -> Result<Self, PatternError> {
        Self::compile(text, Extent::Whole)
    }

    /// An expression that has to match somewhere in a text.
    ///
    /// # Errors
    /// [`PatternError`].
    pub fn search(text: &str) -> Result<Self, PatternError> {
        Self::compile(text, Extent::Part)
    }

    fn compile(text: &str, extent: Extent) -> Result<Self, PatternError> {
        if text.len() > LONGEST {
            return Err(PatternError::TooLong(text.len()));
        }
        // By itself first: `a)(b` is a pattern only between parentheses.
        let mut regex = build(text)?;
        let mut steps = None;
        if extent == Extent::Whole {
            regex = build(&["\\A(?:", text, ")\\z"].concat())?;
            steps = Steps::of(text);
        }
        let names = regex.capture_names().enumerate();
        let named = names.filter_map(|(at, name)| name.map(|_| at)).collect();
        Ok(Self {
            text: text.into(),
            extent,
            regex,
            steps,
            named,
        })
    }

    /// The expression as it was written.
    #[must_use]
    pub const fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches. Bytes that aren't UTF-8 are matched as U+FFFD.
    ///
    /// # Errors
    /// [`TextTooLong`].
    #[inline(never)]
    pub fn matches(&self, text: &[u8]) -> Result<bool, TextTooLong> {
        if text.len() > LONGEST_TEXT {
            return Err(TextTooLong);
        }
        if let Some(steps) = &self.steps {
            return Ok(steps.find(text, &mut Vec::new()));
        }
        Ok(self.regex.is_match(&String::from_utf8_lossy(text)))
    }

    /// Where it matches first.
    ///
    /// # Errors
    /// [`TextTooLong`].
    #[inline(never)]
    pub fn find(&self, text: &str) -> Result<Option<MatchGroups>, TextTooLong> {
        if text.len() > LONGEST_TEXT {
            return Err(TextTooLong);
        }
        if let Some(steps) = &self.steps {
            let mut groups = Vec::new();
            let found = steps.find(text.as_bytes(), &mut groups);
            return Ok(found.then_some(MatchGroups::Steps(groups)));
        }
        let mut groups = self.regex.capture_locations();
        let found = self.regex.captures_read(&mut groups, text).is_some();
        Ok(found.then_some(MatchGroups::Regex(groups)))
    }

    /// Where its groups with names match first, in order.
    ///
    /// # Errors
    /// [`TextTooLong`].
    #[inline(never)]
    pub fn find_named(&self, text: &str) -> Result<Option<Vec<GroupSpan>>, TextTooLong> {
        if text.len() > LONGEST_TEXT {
            return Err(TextTooLong);
        }
        let Some(steps) = &self.steps else {
            return self.find_named_by_regex(text);
        };
        let mut groups = Vec::with_capacity(self.named.len().saturating_add(1));
        if !steps.find(text.as_bytes(), &mut groups) {
            return Ok(None);
        }
        // A group with a name comes at its own place or later, so it moves to the front.
        for (to, from) in self.named.iter().enumerate() {
            let span = groups.get(*from).copied().flatten();
            if let Some(place) = groups.get_mut(to) {
                *place = span;
            }
        }
        groups.truncate(self.named.len());
        Ok(Some(groups))
    }

    #[inline(never)]
    fn find_named_by_regex(&self, text: &str) -> Result<Option<Vec<GroupSpan>>, TextTooLong> {
        let found = self.find(text)?;
        let spans = |groups: MatchGroups| self.named.iter().map(|at| groups.group(*at)).collect();
        Ok(found.map(spans))
    }

    /// The names of its groups, in order, with the index of each for [`MatchGroups::group`].
    pub fn names(&self) -> impl Iterator<Item = (usize, &str)> {
        let groups = self.regex.capture_names().enumerate();
        groups.filter_map(|(at, name)| Some((at, name?)))
    }

    /// The index of the group of this name.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<usize> {
        self.names().find(|(_, own)| *own == name).map(|(at, _)| at)
    }
}

/// Where an expression matched.
#[derive(Clone, Debug)]
pub enum MatchGroups {
    /// As the general engine tells it.
    Regex(CaptureLocations),
    /// The borders of each group.
    Steps(Vec<GroupSpan>),
}

impl MatchGroups {
    /// The borders of a group in the text, in bytes; 0 is the whole match. `None` if the group took no part in the match.
    #[must_use]
    pub fn group(&self, index: usize) -> GroupSpan {
        match self {
            Self::Regex(groups) => groups.get(index),
            Self::Steps(groups) => *groups.get(index)?,
        }
    }
}

fn build(text: &str) -> Result<Regex, PatternError> {
    let built = RegexBuilder::new(text).size_limit(LARGEST).build();
    built.map_err(|error| {
        let error = error.to_string();
        // `regex-lite` tells its errors only as text.
        if error.starts_with("look-around") {
            PatternError::LookAround
        } else if error.starts_with("backreferences") {
            PatternError::BackReference
        } else {
            PatternError::Malformed(error)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_and_part() {
        for (pattern, text, whole, part) in [
            ("a|ab", "ab", true, true),
            ("a|b", "ab", false, true),
            ("a", "a\n", false, true),
            ("a$", "a\n", false, false),
            ("(?m)^a$", "a\nb", false, true),
            ("", "", true, true),
            ("^2[0-9]{3}", "20240101", false, true),
            ("^2[0-9]{3}", "x2024", false, false),
            ("(?i)é", "É", false, false),
        ] {
            let matches = |pattern: Pattern| pattern.matches(text.as_bytes());
            assert_eq!(
                matches(Pattern::whole(pattern).unwrap()),
                Ok(whole),
                "{pattern}"
            );
            assert_eq!(
                matches(Pattern::search(pattern).unwrap()),
                Ok(part),
                "{pattern}"
            );
        }
    }

    #[test]
    fn reads_bytes_that_are_no_text() {
        let pattern = Pattern::whole("a.").unwrap();
        assert_eq!(pattern.matches(b"a\xff"), Ok(true));
        assert_eq!(pattern.matches(b"\xff"), Ok(false));
    }

    #[test]
    fn finds_groups() {
        let pattern = Pattern::whole("/(?P<a>[a-z]+)(/(?<b>.*))?").unwrap();
        assert_eq!(pattern.names().collect::<Vec<_>>(), [(1, "a"), (3, "b")]);
        assert_eq!(pattern.group("b"), Some(3));
        assert_eq!(pattern.group("c"), None);
        let found = pattern.find("/xy/z").unwrap().unwrap();
        assert_eq!(found.group(0), Some((0, 5)));
        assert_eq!(found.group(1), Some((1, 3)));
        assert_eq!(found.group(3), Some((4, 5)));
        assert_eq!(found.group(4), None);
        assert_eq!(pattern.find("/xy").unwrap().unwrap().group(3), None);
        assert!(pattern.find("xy").unwrap().is_none());
    }

    #[test]
    fn tells_of_texts_that_are_too_long() {
        let any = Pattern::whole("a*").unwrap();
        let longest = "a".repeat(LONGEST_TEXT);
        assert_eq!(any.matches(longest.as_bytes()), Ok(true));
        assert!(any.find(&longest).unwrap().is_some());
        let longer = "a".repeat(LONGEST_TEXT + 1);
        assert_eq!(any.matches(longer.as_bytes()), Err(TextTooLong));
        assert_eq!(any.find(&longer).unwrap_err(), TextTooLong);
    }

    #[test]
    fn refuses_patterns_beyond_the_limits() {
        let long = "a".repeat(513);
        assert_eq!(Pattern::search(&long), Err(PatternError::TooLong(513)));
        for text in ["a(?=b)", "(?!b)", "(?<=b)a", "(?<!b)a"] {
            assert_eq!(
                Pattern::search(text),
                Err(PatternError::LookAround),
                "{text}"
            );
        }
        assert_eq!(Pattern::whole(r"(a)\1"), Err(PatternError::BackReference));
        for text in [
            "a)(b",
            "(",
            "[",
            "\\p{Lu}",
            "(?x)a #",
            "(a{100}){100}{100}",
            "a{9999}",
            "(?P<a>x)(?P<a>y)",
        ] {
            let refused = Pattern::whole(text);
            assert!(matches!(refused, Err(PatternError::Malformed(_))), "{text}");
        }
    }
}
