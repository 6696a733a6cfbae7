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
    /// What is done between two looks at the requests: a few milliseconds.
    const SLICE: usize = 256 << 10;

    /// The least part of it.
    const LEAST: usize = 8 << 10;

    /// For one slice.
    #[must_use]
    pub const fn slice() -> Self {
        Self::of(Self::SLICE)
    }

    /// For one of so many that share a slice; never so little that the way to it costs more.
    #[must_use]
    pub const fn part(sharers: usize) -> Self {
        let part = match Self::SLICE.checked_div(sharers) {
            Some(part) if part > Self::LEAST => part,
            Some(_) => Self::LEAST,
            None => Self::SLICE,
        };
        Self::of(part)
    }

    /// Puts half of what is left apart.
    #[must_use]
    pub const fn half(&mut self) -> Self {
        let half = self.left >> 1;
        self.left = self.left.saturating_sub(half);
        Self::of(half)
    }

    /// Puts back what is left of a part.
    pub const fn join(&mut self, part: &Self) {
        self.left = self.left.saturating_add(part.left);
        self.spent = self.spent.saturating_add(part.spent);
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

    /// Whether a document that took so much may go on before the others: until it has had two slices, which a document of
    /// 64 KiB is read with.
    #[must_use]
    pub const fn is_within_turn(spent: usize) -> bool {
        spent < Self::SLICE << 1
    }

    /// What was taken off by now. The last step may have cost more than was left.
    #[must_use]
    pub const fn spent(&self) -> usize {
        self.spent
    }
}
