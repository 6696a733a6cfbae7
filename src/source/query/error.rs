//! Why a text is no JSONPath.

/// See [`JsonPath::MAX_BYTES`](super::JsonPath::MAX_BYTES).
pub(super) const MAX_BYTES: usize = 2048;

/// See [`JsonPath::MAX_NESTING`](super::JsonPath::MAX_NESTING).
pub(super) const MAX_NESTING: usize = 8;

/// Why a text is no JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonPathError {
    /// It is longer than [`MAX_BYTES`](super::JsonPath::MAX_BYTES).
    #[error("JSONPath of {bytes} bytes, the limit is {limit}", limit = MAX_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Brackets and parentheses nest deeper than [`MAX_NESTING`](super::JsonPath::MAX_NESTING), or function calls deeper than two levels.
    #[error("JSONPath nests brackets deeper than {limit} levels, or calls deeper than 2", limit = MAX_NESTING)]
    TooDeep,
    /// A blank stands in the middle of a name or a number.
    #[error("JSONPath with a blank inside of a name: write ['…']")]
    InnerBlank,
    /// It is not RFC 9535. Holds what was expected, and where.
    #[error("malformed JSONPath: {0}")]
    Malformed(String),
}
