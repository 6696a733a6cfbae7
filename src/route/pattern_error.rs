//! What can be wrong with a pattern for paths.

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
            Self::QueryOrFragment => "a path has no query and no fragment: write %3F or %23 for `?` or `#`",
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
