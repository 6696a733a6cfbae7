//! What the host has to be asked for.

/// The facts besides the request's head that a route uses. The host is asked for no others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NeededFacts(u8);

impl NeededFacts {
    /// The client's address.
    pub(crate) const ADDRESS: Self = Self(1);
    /// The time.
    pub(crate) const TIME: Self = Self(2);

    /// The first documents that the route's conditions wait for.
    pub(crate) const FIRST_DOCUMENTS: Self = Self(4);
    /// Whether the documents are there for which the route's conditions have defaults.
    pub(crate) const DEFAULTS: Self = Self(8);

    /// These facts and others.
    pub(in crate::policy) const fn and(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn has(self, fact: Self) -> bool {
        self.0 & fact.0 != 0
    }
}
