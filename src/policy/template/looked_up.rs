//! The indices of looked-up values.

/// The index of a lookup among those of its route, in the order in which they run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookupId(usize);

impl LookupId {
    /// The ids of all lookups, in order; to be zipped with a list of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..).map(Self)
    }

    pub(in crate::policy) const fn of(index: usize) -> Self {
        Self(index)
    }

    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// The index of a value among those of its lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookupValueId(usize);

impl LookupValueId {
    pub(in crate::policy) const fn of(index: usize) -> Self {
        Self(index)
    }

    /// The ids of all values, in order; to be zipped with a list of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..).map(Self)
    }

    pub(crate) const fn index(self) -> usize {
        self.0
    }
}

/// One value of one lookup of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LookedUp {
    pub(crate) lookup: LookupId,
    pub(crate) value: LookupValueId,
}
