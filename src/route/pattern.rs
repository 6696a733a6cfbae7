//! Patterns for paths, and what they capture.

use std::borrow::Cow;
use std::fmt;

/// Why a text is no pattern for paths: the operator's mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PatternError {
    /// It doesn't begin with `/`.
    NoLeadingSlash,
    /// `?` or `#`: a pattern is for the path alone.
    QueryOrFragment,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// A control byte, raw or escaped.
    ControlByte,
    /// The decoded pattern is no UTF-8.
    NotUtf8,
    /// A raw `\` or `;`: to be escaped where it is meant as text.
    Ambiguous,
    /// `//`.
    EmptySegment,
    /// `.` or `..`, which no canonical path has.
    DotSegment,
    /// `{` or `}` in a pattern that is no template, or not around a whole segment.
    Brace,
    /// This is no name of a capture: a letter or `_`, then letters, digits and `_`.
    BadName(Box<str>),
    /// This name stands twice.
    DuplicateName(Box<str>),
    /// `{…=**}` before the last segment.
    RestNotLast,
    /// More than 64 segments.
    TooManySegments,
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLeadingSlash => "a path begins with `/`",
            Self::QueryOrFragment => "a path has no `?` and no `#`: write %3F or %23 for the character",
            Self::BadEscape => "`%` is not followed by two hexadecimal digits: write %25 for the character",
            Self::ControlByte => "a control byte is in no path",
            Self::NotUtf8 => "the decoded path is not UTF-8",
            Self::Ambiguous => "`\\` and `;` are read differently by different servers: write %5C or %3B for the character",
            Self::EmptySegment => "the path has an empty segment",
            Self::DotSegment => "a canonical path has no `.` or `..` segment",
            Self::Brace => "`{name}` stands for a whole segment of a template: write %7B or %7D for the character",
            Self::BadName(name) => return write!(f, "`{name}` is no name of a capture"),
            Self::DuplicateName(name) => return write!(f, "the capture `{name}` stands twice"),
            Self::RestNotLast => "`{…=**}` stands last",
            Self::TooManySegments => "the path has more than 64 segments",
        })
    }
}

impl std::error::Error for PatternError {}

/// Whether a capture is one segment or many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureKind {
    /// `{name}`: one segment, not empty.
    Segment,
    /// `{name=**}`: any number of segments, with the slashes between them.
    Rest,
}

/// Which paths a rule is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathPattern {
    text: Box<[u8]>,
}

impl PathPattern {
    /// Exactly this path.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn exact(_text: &str) -> Result<Self, PatternError> {
        Err(PatternError::Brace)
    }

    /// This path and every path below it, on borders of segments; a trailing slash means nothing, `/` is every path.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn prefix(_text: &str) -> Result<Self, PatternError> {
        Err(PatternError::Brace)
    }

    /// A path with `{name}` for a segment, and `{name=**}` last for the rest.
    ///
    /// # Errors
    /// See [`PatternError`].
    pub fn template(_text: &str) -> Result<Self, PatternError> {
        Err(PatternError::Brace)
    }

    /// Whether this is a prefix pattern.
    #[must_use]
    pub const fn is_prefix(&self) -> bool {
        false
    }

    /// How many segments it fixes, by a literal or a `{name}`: for a prefix, those that a rewrite of the prefix replaces.
    #[must_use]
    pub const fn segments(&self) -> usize {
        0
    }

    /// Whether `path` (in matching form) fits.
    #[must_use]
    pub fn matches(&self, _path: &[u8]) -> bool {
        false
    }

    /// The captures by name, in order.
    pub fn captures(&self) -> impl Iterator<Item = (&str, CaptureKind)> {
        std::iter::empty()
    }

    /// What this pattern captures of `path`, which is in matching form and fits.
    #[must_use]
    pub const fn capture<'r, 'p>(&'r self, path: &'p [u8]) -> Captures<'r, 'p> {
        Captures {
            pattern: Some(self),
            path,
        }
    }
}

/// What a pattern captured of a path; nothing is looked up before it is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Captures<'r, 'p> {
    pattern: Option<&'r PathPattern>,
    path: &'p [u8],
}

impl<'r, 'p> Captures<'r, 'p> {
    pub(super) const fn new(pattern: Option<&'r PathPattern>, path: &'p [u8]) -> Self {
        Self { pattern, path }
    }

    /// The capture of this name; `None` where the pattern has none.
    #[must_use]
    pub fn get(&self, _name: &str) -> Option<Capture<'p>> {
        self.pattern.map(|_| Capture {
            matching: self.path,
            kind: CaptureKind::Rest,
        })
    }
}

/// One captured part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capture<'p> {
    matching: &'p [u8],
    kind: CaptureKind,
}

impl<'p> Capture<'p> {
    /// The part in matching form: `/` between segments, `%2F`, `%25` and `%5C` for these bytes within one.
    #[must_use]
    pub const fn matching(&self) -> &'p [u8] {
        self.matching
    }

    /// The part as text, all decoded; UTF-8.
    #[must_use]
    pub fn text(&self) -> Cow<'p, [u8]> {
        crate::http::percent_decode(self.matching)
    }

    /// Whether it is one segment or many.
    #[must_use]
    pub const fn kind(&self) -> CaptureKind {
        self.kind
    }
}
