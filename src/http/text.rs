//! Bytes that are cheap to clone.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// A name or a value that is sent: static, shared with the policy, or made for one request. A clone of a static or shared
/// text allocates nothing.
#[derive(Clone)]
pub enum Text {
    /// Static bytes.
    Static(&'static [u8]),
    /// Shared with the policy.
    Shared(Arc<[u8]>),
    /// Made for one request.
    Owned(Vec<u8>),
    /// A part of a shared buffer: its start and its end. A range outside of the buffer is empty.
    Part(Arc<Vec<u8>>, u32, u32),
}

impl Text {
    /// A text whose clones share `bytes`.
    #[must_use]
    pub fn shared(bytes: &[u8]) -> Self {
        Self::Shared(Arc::from(bytes))
    }
}

impl Deref for Text {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Static(bytes) => bytes,
            Self::Shared(bytes) => bytes,
            Self::Owned(bytes) => bytes,
            Self::Part(buffer, start, end) => part(buffer, *start, *end),
        }
    }
}

/// Not inlined: this variant is rare.
#[cold]
#[inline(never)]
fn part(buffer: &[u8], start: u32, end: u32) -> &[u8] {
    let index = |number| usize::try_from(number).unwrap_or(usize::MAX);
    buffer.get(index(start)..index(end)).unwrap_or_default()
}

impl Borrow<[u8]> for Text {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for Text {
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl From<&'static str> for Text {
    fn from(text: &'static str) -> Self {
        Self::Static(text.as_bytes())
    }
}

impl From<Vec<u8>> for Text {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Owned(bytes)
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Text {}

impl Hash for Text {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.escape_ascii())
    }
}
