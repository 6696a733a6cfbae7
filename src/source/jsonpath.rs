//! JSONPath (RFC 9535), compiled with the policy.

use std::fmt;

use serde_json::Value;

/// Why a text is no JSONPath.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonPathError {
    /// It is longer than [`JsonPath::MAX_BYTES`].
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Brackets and parentheses nest deeper than [`JsonPath::MAX_NESTING`].
    TooDeep,
    /// A filter stands inside of a filter.
    NestedFilter,
    /// It isn't RFC 9535; holds what was expected where.
    Malformed(String),
}

impl fmt::Display for JsonPathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { bytes } => {
                write!(
                    f,
                    "JSONPath of {bytes} bytes, the limit is {}",
                    JsonPath::MAX_BYTES
                )
            }
            Self::TooDeep => write!(
                f,
                "JSONPath nests brackets deeper than {} levels",
                JsonPath::MAX_NESTING
            ),
            Self::NestedFilter => f.write_str("JSONPath with a filter inside of a filter"),
            Self::Malformed(reason) => write!(f, "malformed JSONPath: {reason}"),
        }
    }
}

impl std::error::Error for JsonPathError {}

/// What a query selects.
#[derive(Clone, Debug, PartialEq)]
pub enum Selection<'v> {
    /// Nothing.
    None,
    /// Exactly one value (it may be `null`).
    One(&'v Value),
    /// Several values, in the order of the query.
    Many(Vec<&'v Value>),
}

impl<'v> Selection<'v> {
    /// All values, however many.
    #[must_use]
    pub fn into_vec(self) -> Vec<&'v Value> {
        match self {
            Self::None => Vec::new(),
            Self::One(value) => vec![value],
            Self::Many(values) => values,
        }
    }
}

/// A compiled query.
#[derive(Clone, Debug)]
pub struct JsonPath {
    text: Box<str>,
}

impl JsonPath {
    /// The longest query, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// How deep brackets and parentheses may nest.
    pub const MAX_NESTING: usize = 8;

    /// Compiles a query.
    ///
    /// # Errors
    /// [`JsonPathError`].
    pub fn compile(text: &str) -> Result<Self, JsonPathError> {
        Ok(Self { text: text.into() })
    }

    /// What the query selects in `root`.
    #[must_use]
    pub fn select<'v>(&self, _root: &'v Value) -> Selection<'v> {
        Selection::None
    }

    /// Whether the query can select one value at most (RFC 9535 §2.3.5.1).
    #[must_use]
    pub const fn is_singular(&self) -> bool {
        true
    }
}

impl fmt::Display for JsonPath {
    /// The query as it was written.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
