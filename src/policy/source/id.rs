//! The names of sources.

/// Names a source of a policy: its index in the list of the sources.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SourceId(usize);

impl SourceId {
    pub(crate) const fn new(index: usize) -> Self {
        Self(index)
    }

    /// The index.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }

    /// The source after it.
    pub(crate) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The ids of all sources, in order; to be zipped with a list of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..).map(Self)
    }
}
