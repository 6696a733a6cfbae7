//! How to read what different servers read differently in a path, and why a path is refused.

/// What to do with an escaped `/` (`%2F`), or with a backslash (raw or `%5C`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlashChoice {
    /// Refuse the request.
    #[default]
    Reject,
    /// Read it as `/`.
    Decode,
    /// It is a byte of its segment like any other, and forwarded as it came.
    Keep,
}

/// What to do with `//`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateSlash {
    /// Refuse the request.
    Reject,
    /// Read it as one `/`.
    #[default]
    Merge,
    /// There is an empty segment.
    Keep,
}

/// What to do with path parameters (`;`, and `%3B`: servers decode it before or after they look for parameters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameters {
    /// Refuse the request.
    #[default]
    Reject,
    /// They are part of their segment's text.
    Keep,
}

/// What to do with an escaped `%` before two hexadecimal digits (`%252F`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscapedPercent {
    /// Refuse the request: a server that decodes twice reads another path.
    #[default]
    Reject,
    /// It is a byte of its segment like any other, and forwarded as it came.
    Keep,
}

/// How to read what different servers read differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PathRules {
    /// `%2F`; rejected by default.
    pub escaped_slash: SlashChoice,
    /// `\` and `%5C`; rejected by default.
    pub backslash: SlashChoice,
    /// `//`; merged by default.
    pub duplicate_slash: DuplicateSlash,
    /// `;` and `%3B`; rejected by default.
    pub parameters: Parameters,
    /// `%25` before two hexadecimal digits; rejected by default.
    pub escaped_percent: EscapedPercent,
}

/// Why a path is refused: the client's fault, 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It doesn't begin with `/` (`*`, an absolute URI, nothing at all).
    #[error("the path does not begin with `/`")]
    NoLeadingSlash,
    /// A `#`, which belongs to no request.
    #[error("the path has a fragment")]
    Fragment,
    /// A `%` without two hexadecimal digits.
    #[error("the path has a `%` without two hexadecimal digits")]
    BadEscape,
    /// A byte below 0x20 or 0x7F, raw or escaped.
    #[error("the path has a control byte")]
    ControlByte,
    /// The decoded path is no UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// `%2F`, and the rules reject it.
    #[error("the path has an escaped slash")]
    EscapedSlash,
    /// `\` or `%5C`, and the rules reject it.
    #[error("the path has a backslash")]
    Backslash,
    /// `//`, and the rules reject it.
    #[error("the path has an empty segment")]
    DuplicateSlash,
    /// `;` or `%3B`, and the rules reject it.
    #[error("the path has a parameter")]
    Parameter,
    /// `%25` before two hexadecimal digits, and the rules reject it.
    #[error("the path is escaped twice")]
    EscapedPercent,
    /// `.` or `..` before a kept `;` or `%3B`, or beside a kept `%2F` or `\`: a dot segment for some upstreams.
    #[error("the path has a hidden dot segment")]
    HiddenDotSegment,
}
