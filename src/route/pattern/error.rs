//! Errors of path patterns.

/// The reason why a text isn't a path pattern. The operator has to correct it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathPatternError {
    /// It doesn't begin with `/`.
    #[error("a path begins with `/`")]
    NoLeadingSlash,
    /// It has `?` or `#`. A pattern matches the path only.
    #[error("a path has no query and no fragment: write %3F or %23 for `?` or `#`")]
    QueryOrFragment,
    /// A `%` without two hexadecimal digits.
    #[error("`%` is not followed by two hexadecimal digits: write %25 for the character")]
    BadEscape,
    /// A control byte, raw or escaped.
    #[error("a path can't have a control byte")]
    ControlByte,
    /// The decoded pattern isn't UTF-8.
    #[error("the decoded path is not UTF-8")]
    NotUtf8,
    /// A raw `\` or `;`. It must be escaped.
    #[error(
        "`\\` and `;` are read differently by different servers: write %5C or %3B for the character"
    )]
    Ambiguous,
    /// `//`.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// `.` or `..`. A canonical path has no dot segments.
    #[error("a canonical path has no `.` or `..` segment")]
    DotSegment,
    /// `{` or `}` in a pattern that isn't a template, or not around a whole segment.
    #[error(
        "`{{name}}` is only valid as a whole segment of a template: write %7B or %7D for the character"
    )]
    Brace,
    /// The name of a capture is invalid: it must be a letter or `_`, then letters, digits and `_`.
    #[error("`{0}` is not a valid name of a capture")]
    BadName(Box<str>),
    /// Two captures have this name.
    #[error("two captures have the name `{0}`")]
    DuplicateName(Box<str>),
    /// `{…=**}` isn't the last segment.
    #[error("`{{…=**}}` must be the last segment")]
    RestNotLast,
    /// More than 64 segments.
    #[error("the path has more than 64 segments")]
    TooManySegments,
}
