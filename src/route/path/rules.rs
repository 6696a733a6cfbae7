//! Rules for the ambiguous parts of a path, and the reasons why a path is refused.

/// The rule for an escaped `/` (`%2F`), or for a backslash (raw or `%5C`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SlashChoice {
    /// Refuse the request.
    #[default]
    Reject,
    /// Read it as `/`.
    Decode,
    /// Keep it as an ordinary byte of its segment, and forward it unchanged.
    Keep,
}

/// The rule for `//`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DuplicateSlash {
    /// Refuse the request.
    Reject,
    /// Read it as one `/`.
    #[default]
    Merge,
    /// Keep it as an empty segment.
    Keep,
}

/// The rule for path parameters (`;` and `%3B`, which servers decode before or after they look for parameters).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameters {
    /// Refuse the request.
    #[default]
    Reject,
    /// Keep them as a part of the segment's text.
    Keep,
}

/// The rule for an escaped `%` before two hexadecimal digits (`%252F`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EscapedPercent {
    /// Refuse the request: a server that decodes twice reads another path.
    #[default]
    Reject,
    /// Keep it as an ordinary byte of its segment, and forward it unchanged.
    Keep,
}

/// The rules for the parts of a path that servers read differently.
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

/// The reason why a path is refused. It is the client's error: 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestPathError {
    /// It doesn't begin with `/` (`*`, an absolute URI, an empty path).
    #[error("the path does not begin with `/`")]
    NoLeadingSlash,
    /// A `#`. A request has no fragment.
    #[error("the path has a fragment")]
    Fragment,
    /// A `%` without two hexadecimal digits.
    #[error("the path has a `%` without two hexadecimal digits")]
    BadEscape,
    /// A byte below 0x20 or 0x7F, raw or escaped.
    #[error("the path has a control byte")]
    ControlByte,
    /// The decoded path isn't UTF-8.
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
