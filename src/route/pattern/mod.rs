//! Patterns for paths.

mod capture;
mod error;
mod pattern_ref;

use crate::regex::Pattern;

use super::path::{
    DuplicateSlash, EscapedPercent, Parameters, PathRules, RequestPathError, SlashChoice, decode,
    hides_dots, matching_form,
};

pub use capture::{Capture, Captures};
pub use error::PathPatternError;
pub use pattern_ref::{CaptureKind, PatternRef};
pub(super) use pattern_ref::{EVERY, End, Part};

/// The paths that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern(Box<[u8]>);

/// The maximum number of segments. It bounds the recursion of the router.
const MOST_SEGMENTS: usize = 64;

impl PathPattern {
    /// Matches exactly this path. A trailing slash is significant.
    ///
    /// # Errors
    /// See [`PathPatternError`].
    pub fn exact(text: &str) -> Result<Self, PathPatternError> {
        let mut path = Vec::with_capacity(text.len());
        for segment in raw_segments(text)? {
            path.push(b'/');
            path.extend(literal(segment)?);
        }
        Ok(Self(pattern_ref::exact(&path)))
    }

    /// Matches this path and all paths below it, segment by segment. A trailing slash is ignored. `/` matches all paths.
    ///
    /// # Errors
    /// See [`PathPatternError`].
    pub fn prefix(text: &str) -> Result<Self, PathPatternError> {
        let mut raw = raw_segments(text)?;
        if raw.last() == Some(&"") {
            raw.pop();
        }
        let literals: Vec<_> = raw.into_iter().map(literal).collect::<Result<_, _>>()?;
        let parts: Vec<_> = literals.iter().map(|text| Part::Literal(text)).collect();
        Ok(Self(pattern_ref::stored(&parts, End::Below)))
    }

    /// A template: `{name}` matches a segment that isn't empty, and `{name=**}` at the end matches zero or more segments.
    /// `/a/{rest=**}` matches `/a`, `/a/` and `/a/b/c`. Otherwise a trailing slash is significant.
    ///
    /// # Errors
    /// See [`PathPatternError`].
    pub fn template(text: &str) -> Result<Self, PathPatternError> {
        let raw = raw_segments(text)?;
        let mut end = End::Closed;
        let mut names: Vec<&str> = Vec::new();
        let mut literals = Vec::with_capacity(raw.len());
        for segment in &raw {
            if end != End::Closed {
                return Err(PathPatternError::RestNotLast);
            }
            let Some(inner) = in_braces(segment) else {
                literals.push(literal(segment)?);
                continue;
            };
            let name = inner.strip_suffix("=**").unwrap_or(inner);
            if !is_name(name) {
                return Err(PathPatternError::BadName(name.into()));
            }
            if names.contains(&name) {
                return Err(PathPatternError::DuplicateName(name.into()));
            }
            names.push(name);
            if name != inner {
                end = End::Rest(name);
            }
        }
        let mut literals = literals.iter();
        let mut parts = Vec::with_capacity(raw.len());
        for segment in &raw {
            match in_braces(segment) {
                Some(inner) if inner.ends_with("=**") => {}
                Some(name) => parts.push(Part::Capture(name)),
                None => parts.extend(literals.next().map(|text| Part::Literal(text))),
            }
        }
        Ok(Self(pattern_ref::stored(&parts, end)))
    }

    /// The captures of a regular expression for the whole path, which is a predicate of the rule.
    ///
    /// # Errors
    /// [`PathPatternError::BadName`].
    pub fn regex(pattern: &Pattern) -> Result<Self, PathPatternError> {
        let bad = pattern.names().find(|(_, name)| !is_name(name));
        if let Some((_, name)) = bad {
            return Err(PathPatternError::BadName(name.into()));
        }
        Ok(Self(pattern_ref::regex(pattern)))
    }

    /// The stored form.
    pub(in crate::route) const fn stored(&self) -> &[u8] {
        &self.0
    }

    /// The pattern, borrowed.
    #[must_use]
    pub const fn view(&self) -> PatternRef<'_> {
        PatternRef::of(&self.0)
    }

    /// Whether this is a prefix.
    #[must_use]
    pub fn is_prefix(&self) -> bool {
        self.view().is_prefix()
    }

    /// The captures by name, in order.
    pub fn captures(&self) -> impl Iterator<Item = (&str, CaptureKind)> {
        self.view().captures()
    }

    /// Whether `path` (in matching form) matches.
    #[must_use]
    pub fn matches(&self, path: &[u8]) -> bool {
        self.view().matches(path)
    }
}

/// The segments as they are written. Only the last one may be empty.
fn raw_segments(text: &str) -> Result<Vec<&str>, PathPatternError> {
    let inner = text
        .strip_prefix('/')
        .ok_or(PathPatternError::NoLeadingSlash)?;
    let raw: Vec<&str> = inner.split('/').collect();
    let before_last = raw.split_last().map(|(_, before)| before);
    if before_last.unwrap_or_default().contains(&"") {
        return Err(PathPatternError::EmptySegment);
    }
    if raw.len() > MOST_SEGMENTS {
        return Err(PathPatternError::TooManySegments);
    }
    Ok(raw)
}

/// A literal segment in matching form.
fn literal(text: &str) -> Result<Vec<u8>, PathPatternError> {
    const AS_WRITTEN: PathRules = PathRules {
        escaped_slash: SlashChoice::Keep,
        backslash: SlashChoice::Keep,
        duplicate_slash: DuplicateSlash::Keep,
        parameters: Parameters::Keep,
        escaped_percent: EscapedPercent::Keep,
    };
    for byte in text.bytes() {
        match byte {
            b'?' | b'#' => return Err(PathPatternError::QueryOrFragment),
            b'\\' | b';' => return Err(PathPatternError::Ambiguous),
            b'{' | b'}' => return Err(PathPatternError::Brace),
            _ => {}
        }
    }
    let decoded = decode(text.as_bytes(), &AS_WRITTEN).map_err(|error| {
        if error == RequestPathError::BadEscape {
            PathPatternError::BadEscape
        } else {
            PathPatternError::ControlByte
        }
    })?;
    if matches!(&*decoded, b"." | b"..") || hides_dots(&decoded) {
        return Err(PathPatternError::DotSegment);
    }
    let matching = matching_form(&decoded).into_owned();
    match std::str::from_utf8(&matching) {
        Ok(_) => Ok(matching),
        Err(_) => Err(PathPatternError::NotUtf8),
    }
}

fn in_braces(segment: &str) -> Option<&str> {
    segment.strip_prefix('{')?.strip_suffix('}')
}

fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text.bytes().all(inner) && text.starts_with(|first: char| !first.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::route::MatchNotes;

    fn captured(pattern: &PathPattern, path: &str) -> String {
        if !pattern.matches(path.as_bytes()) {
            return "no".to_owned();
        }
        let notes = MatchNotes::default();
        let captures = Captures::new(pattern.view(), path.as_bytes(), &notes);
        let texts = pattern.captures().map(|(name, kind)| {
            let capture = captures.get(name).unwrap();
            assert_eq!(capture.kind, kind);
            let text = String::from_utf8(capture.text().into_owned()).unwrap();
            format!("{name}={text}")
        });
        texts.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn matches_templates() {
        for (pattern, path, expected) in [
            ("/a", "/a", ""),
            ("/a", "/a/", "no"),
            ("/a/", "/a/", ""),
            ("/a/", "/a", "no"),
            ("/", "/", ""),
            ("/", "/a", "no"),
            ("/{x}", "/a", "x=a"),
            ("/{x}", "/", "no"),
            ("/{x}", "/a/", "no"),
            ("/{x}", "/a/b", "no"),
            ("/{x}/", "/a/", "x=a"),
            (
                "/v1/{tenant}/o/{_2}",
                "/v1/é%2Fb/o/%25%5C",
                "tenant=é/b _2=%\\",
            ),
            ("/v1/{tenant}/o", "/v1//o", "no"),
            ("/a/{rest=**}", "/a", "rest="),
            ("/a/{rest=**}", "/a/", "rest="),
            ("/a/{rest=**}", "/a/b/c/", "rest=b/c/"),
            ("/a/{rest=**}", "/ab", "no"),
            ("/{rest=**}", "/", "rest="),
            ("/{rest=**}", "/a/b", "rest=a/b"),
            ("/{x}/{rest=**}", "/a", "x=a rest="),
            ("/{x}/{rest=**}", "/a//b", "x=a rest=/b"),
            ("/{x}/{rest=**}", "/", "no"),
        ] {
            let parsed = PathPattern::template(pattern).unwrap();
            assert_eq!(captured(&parsed, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn matches_prefixes() {
        for (pattern, path, expected) in [
            ("/", "/", true),
            ("/", "/a/b", true),
            ("/a", "/a", true),
            ("/a", "/a/", true),
            ("/a/", "/a", true),
            ("/a", "/a/b", true),
            ("/a", "/ab", false),
            ("/a/b", "/a", false),
            ("/a%2fb", "/a/b", false),
            ("/a%2fb", "/a%2Fb/c", true),
        ] {
            let parsed = PathPattern::prefix(pattern).unwrap();
            assert!(parsed.is_prefix());
            assert_eq!(
                parsed.matches(path.as_bytes()),
                expected,
                "{pattern} {path}"
            );
            if expected {
                let (covered, below) = path.split_at(parsed.view().prefix_bytes().unwrap());
                assert_eq!(
                    covered.matches('/').count(),
                    parsed.view().segments(),
                    "{path}"
                );
                assert!(below.is_empty() || below.starts_with('/'), "{path}");
            }
        }
    }

    #[test]
    fn matches_exact_paths() {
        for (pattern, path, expected) in [
            ("/", "/", true),
            ("/a", "/a", true),
            ("/a", "/a/", false),
            ("/a/", "/a/", true),
            ("/%61%20b%C3%a9%40", "/a bé@", true),
            ("/é", "/é", true),
            ("/%252f%2f%5c%3b", "/%252f%2F%5C;", true),
            ("/%7Bx%7D", "/{x}", true),
        ] {
            let parsed = PathPattern::exact(pattern).unwrap();
            assert_eq!(
                parsed.matches(path.as_bytes()),
                expected,
                "{pattern} {path}"
            );
        }
    }

    #[test]
    fn refuses_invalid_patterns() {
        let many = "/a".repeat(65);
        for (pattern, expected) in [
            ("", PathPatternError::NoLeadingSlash),
            ("a", PathPatternError::NoLeadingSlash),
            ("{a=**}", PathPatternError::NoLeadingSlash),
            ("/a?b", PathPatternError::QueryOrFragment),
            ("/a#b", PathPatternError::QueryOrFragment),
            ("/a%2", PathPatternError::BadEscape),
            ("/a%00", PathPatternError::ControlByte),
            ("/a\n", PathPatternError::ControlByte),
            ("/%ff", PathPatternError::NotUtf8),
            ("/a;b", PathPatternError::Ambiguous),
            ("/a\\b", PathPatternError::Ambiguous),
            ("//", PathPatternError::EmptySegment),
            ("/a//b", PathPatternError::EmptySegment),
            ("/a/./b", PathPatternError::DotSegment),
            ("/a/%2e.", PathPatternError::DotSegment),
            ("/a/..%2Fb", PathPatternError::DotSegment),
            ("/a{b}", PathPatternError::Brace),
            ("/{a}b", PathPatternError::Brace),
            ("/{a", PathPatternError::Brace),
            ("/{}", PathPatternError::BadName("".into())),
            ("/{1a}", PathPatternError::BadName("1a".into())),
            ("/{a-b}", PathPatternError::BadName("a-b".into())),
            ("/{a=*}", PathPatternError::BadName("a=*".into())),
            ("/{=**}", PathPatternError::BadName("".into())),
            ("/{é}", PathPatternError::BadName("é".into())),
            ("/{a}/{a}", PathPatternError::DuplicateName("a".into())),
            ("/{a}/{a=**}", PathPatternError::DuplicateName("a".into())),
            ("/{a=**}/b", PathPatternError::RestNotLast),
            ("/{a=**}/", PathPatternError::RestNotLast),
            (&many, PathPatternError::TooManySegments),
        ] {
            let parsed = PathPattern::template(pattern);
            assert_eq!(parsed, Err(expected), "{pattern}");
        }
        assert_eq!(PathPattern::exact("/{a}"), Err(PathPatternError::Brace));
        assert_eq!(
            PathPattern::prefix("/a//"),
            Err(PathPatternError::EmptySegment)
        );
    }
}
