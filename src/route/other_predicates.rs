//! The conditions that few rules have.

use super::predicate::{CookiePredicate, Unclear};
use crate::http::{Headers, Scheme, is_grpc};
use crate::regex::{GroupSpan, Pattern, TextTooLong};

/// The conditions of a rule that few rules have.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherPredicates {
    /// All of these hold.
    pub cookies: Vec<CookiePredicate>,
    /// `:scheme` is this one.
    pub scheme: Option<Scheme>,
    /// The content type is one of gRPC.
    pub is_grpc: bool,
    /// It matches the whole path in matching form.
    pub path: Option<Pattern>,
}

impl OtherPredicates {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// How many of them rank a rule before another one. The expression of the path has its own place.
    pub(super) fn count(&self) -> usize {
        let others = usize::from(self.scheme.is_some()).saturating_add(usize::from(self.is_grpc));
        self.cookies.len().saturating_add(others)
    }

    /// Whether those on headers hold.
    pub(super) fn hold(&self, headers: &Headers<'_>, is_unclear: &mut bool) -> bool {
        let scheme = self.scheme.map(|scheme| scheme.as_str().as_bytes());
        let came = headers.first(b":scheme").unwrap_or_default();
        scheme.is_none_or(|scheme| scheme.eq_ignore_ascii_case(came))
            && (!self.is_grpc || headers.first(b"content-type").is_some_and(is_grpc))
            && self
                .cookies
                .iter()
                .all(|cookie| asked(cookie.matches(headers), is_unclear))
    }
}

/// Where the named groups of an expression match in a path. `None` if the expression doesn't match the path.
pub(super) fn spans(pattern: &Pattern, path: &[u8]) -> Result<Option<Vec<GroupSpan>>, Unclear> {
    // A canonical path is UTF-8.
    let text = std::str::from_utf8(path).map_err(|_| Unclear)?;
    pattern.find_named(text).map_err(|TextTooLong| Unclear)
}

/// The result of a predicate. What is unclear is noted, and holds for now.
pub(super) fn asked(result: Result<bool, Unclear>, is_unclear: &mut bool) -> bool {
    result.unwrap_or_else(|Unclear| {
        *is_unclear = true;
        true
    })
}
