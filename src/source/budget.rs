//! How much of a document is read at once.

/// What may still be done before others have their turn. Counted in bytes of a plain record that is read, some ten
/// nanoseconds each; what costs more spends accordingly. So no clock is asked, and the same document is read in the same
/// steps everywhere.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    /// What was taken off, even beyond what there was.
    spent: usize,
}

impl Budget {
    /// A document up to this length is read in one go, when it comes.
    pub const SMALL: usize = 64 << 10;

    /// What is done between two looks at the requests: a few milliseconds.
    const SLICE: usize = 256 << 10;

    /// For one slice.
    #[must_use]
    pub const fn slice() -> Self {
        Self::of(Self::SLICE)
    }

    /// For everything at once.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self::of(usize::MAX)
    }

    /// For so many bytes.
    #[must_use]
    pub const fn of(bytes: usize) -> Self {
        Self {
            left: bytes,
            spent: 0,
        }
    }

    /// Takes something off.
    pub const fn spend(&mut self, cost: usize) {
        self.spent = self.spent.saturating_add(cost);
        if self.left != usize::MAX {
            self.left = self.left.saturating_sub(cost);
        }
    }

    /// Whether it is time to stop.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// What was taken off by now. The last step may have cost more than was left.
    #[must_use]
    pub const fn spent(&self) -> usize {
        self.spent
    }
}
