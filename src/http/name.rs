//! Names of headers.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use super::NameFilter;

/// The name of a header that is sent, in lower case. Clones share the bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct HeaderName(Arc<[u8]>);

impl Deref for HeaderName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for HeaderName {
    fn from(name: &[u8]) -> Self {
        Self(name.into())
    }
}

impl From<&str> for HeaderName {
    fn from(name: &str) -> Self {
        Self(name.as_bytes().into())
    }
}

impl fmt::Debug for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}

/// The name of a header that a policy uses, with its precomputed filter.
#[derive(Clone, PartialEq, Eq)]
pub struct KnownName {
    name: HeaderName,
    marks: NameFilter,
}

impl KnownName {
    /// The name.
    #[must_use]
    pub fn name(&self) -> HeaderName {
        self.name.clone()
    }

    /// The filter of the name.
    #[must_use]
    pub const fn marks(&self) -> NameFilter {
        self.marks
    }
}

impl Deref for KnownName {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.name
    }
}

impl<N: Into<HeaderName>> From<N> for KnownName {
    fn from(name: N) -> Self {
        let name = name.into();
        Self {
            marks: NameFilter::of(&name),
            name,
        }
    }
}

impl fmt::Debug for KnownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}
