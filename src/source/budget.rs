//! Budgets: how much of a document is read in one slice.

/// How much work may be done before other work has its turn. The unit is a byte of a plain record that is read, some
/// ten nanoseconds; work that costs more spends more. So no clock is needed, and a document is read in the same steps
/// everywhere.
#[derive(Debug)]
pub struct Budget {
    left: usize,
    /// What was spent, even beyond the budget.
    spent: usize,
}

impl Budget {
    /// The work between two turns of the requests: a few milliseconds.
    const SLICE: usize = 256 << 10;

    /// The smallest part of a slice.
    const LEAST: usize = 8 << 10;

    /// A budget of one slice.
    #[must_use]
    pub const fn slice() -> Self {
        Self::of(Self::SLICE)
    }

    /// The part of one of several sharers of a slice. A part is never so small that reaching it costs more than the
    /// part.
    #[must_use]
    pub const fn part(sharers: usize) -> Self {
        let part = match Self::SLICE.checked_div(sharers) {
            Some(part) if part > Self::LEAST => part,
            Some(_) => Self::LEAST,
            None => Self::SLICE,
        };
        Self::of(part)
    }

    /// Splits off half of the rest.
    #[must_use]
    pub const fn half(&mut self) -> Self {
        let half = self.left >> 1;
        self.left = self.left.saturating_sub(half);
        Self::of(half)
    }

    /// Puts back the rest of a part.
    pub const fn join(&mut self, part: &Self) {
        self.left = self.left.saturating_add(part.left);
        self.spent = self.spent.saturating_add(part.spent);
    }

    /// A budget without a limit.
    #[must_use]
    pub const fn unlimited() -> Self {
        Self::of(usize::MAX)
    }

    /// A budget of so many bytes.
    #[must_use]
    pub const fn of(bytes: usize) -> Self {
        Self {
            left: bytes,
            spent: 0,
        }
    }

    /// Spends `cost`.
    pub const fn spend(&mut self, cost: usize) {
        self.spent = self.spent.saturating_add(cost);
        if self.left != usize::MAX {
            self.left = self.left.saturating_sub(cost);
        }
    }

    /// Whether it is empty.
    #[must_use]
    pub const fn is_spent(&self) -> bool {
        self.left == 0
    }

    /// Whether a document that has spent so much keeps its turn: up to two slices, which are enough for a document of
    /// 64 KiB.
    #[must_use]
    pub const fn is_within_turn(spent: usize) -> bool {
        spent < Self::SLICE << 1
    }

    /// The cost so far. The last step may have cost more than the rest.
    #[must_use]
    pub const fn spent(&self) -> usize {
        self.spent
    }
}
