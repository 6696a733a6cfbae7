//! What can be wrong with a pattern for paths.

/// Why a text is no pattern for paths: the operator's mistake.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It doesn't begin with `/`.
    #[error("a path begins with `/`")]
    NoLeadingSlash,
    /// `?` or `#`: a pattern is for the path alone.
    #[error("a path has no query and no fragment: write %3F or %23 for `?` or `#`")]
    QueryOrFragment,
    /// A `%` without two hexadecimal digits.
    #[error("`%` is not followed by two hexadecimal digits: write %25 for the character")]
    BadEscape,
    /// A control byte, raw or escaped.
    #[error("a control byte is in no path")]
    ControlByte,
    /// The decoded pattern is no UTF-8.
    #[error("the decoded path is not UTF-8")]
    NotUtf8,
    /// A raw `\` or `;`: to be escaped where it is meant as text.
    #[error(
        "`\\` and `;` are read differently by different servers: write %5C or %3B for the character"
    )]
    Ambiguous,
    /// `//`.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`, which no canonical path has.
    #[error("a canonical path has no `.` or `..` segment")]
    DotSegment,
    /// `{` or `}` in a pattern that is no template, or not around a whole segment.
    #[error(
        "`{{name}}` stands for a whole segment of a template: write %7B or %7D for the character"
    )]
    Brace,
    /// This is no name of a capture: a letter or `_`, then letters, digits and `_`.
    #[error("`{0}` is no name of a capture")]
    BadName(Box<str>),
    /// This name stands twice.
    #[error("the capture `{0}` stands twice")]
    DuplicateName(Box<str>),
    /// `{…=**}` before the last segment.
    #[error("`{{…=**}}` stands last")]
    RestNotLast,
    /// More than 64 segments.
    #[error("the path has more than 64 segments")]
    TooManySegments,
}
