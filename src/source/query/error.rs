//! Why a text is no JSONPath.

/// The longest query, in bytes.
pub(super) const MAX_BYTES: usize = 2048;

/// How deep brackets and parentheses may nest. Function calls may nest two levels deep.
pub(super) const MAX_NESTING: usize = 8;

/// Why a text is no JSONPath.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonPathError {
    /// It is longer than 2048 bytes.
    #[error("JSONPath of {bytes} bytes, the limit is {limit}", limit = MAX_BYTES)]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// Brackets and parentheses nest deeper than eight levels, or function calls deeper than two.
    #[error("JSONPath nests brackets deeper than {limit} levels, or calls deeper than 2", limit = MAX_NESTING)]
    TooDeep,
    /// There is a blank in the middle of a name or a number.
    #[error("JSONPath with a blank inside of a name: write ['…']")]
    InnerBlank,
    /// It is not RFC 9535. Holds what was expected, and where.
    #[error("malformed JSONPath: {0}")]
    Malformed(String),
}
