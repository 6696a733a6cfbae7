//! How much the engines of one VM may read of documents before requests have their turn.

use crate::source::Budget;

use super::waiting::EngineId;

/// One slice for all engines: those that have something to read share it, each on its own tick. So each goes on, and a
/// round of ticks costs the same for any number of documents. What a tick leaves is used for what arrives before the
/// next tick.
#[derive(Debug)]
pub(in crate::engine) struct SharedBudget {
    readers: Vec<EngineId>,
    left: Budget,
}

impl Default for SharedBudget {
    fn default() -> Self {
        Self {
            readers: Vec::new(),
            left: Budget::slice(),
        }
    }
}

impl SharedBudget {
    /// The part for an engine's tick. Give back what isn't used.
    pub(in crate::engine) fn of_tick(&mut self, engine: EngineId, is_reading: bool) -> Budget {
        self.forget(engine);
        if is_reading {
            self.readers.push(engine);
            return Budget::part(self.readers.len());
        }
        if self.readers.is_empty() {
            Budget::slice()
        } else {
            self.take()
        }
    }

    /// The rest of the slice, for a reply that arrives between two ticks. Give back the unused part.
    pub(in crate::engine) fn take(&mut self) -> Budget {
        std::mem::replace(&mut self.left, Budget::of(0))
    }

    /// Takes back what wasn't used.
    pub(in crate::engine) fn give_back(&mut self, rest: Budget) {
        self.left = rest;
    }

    /// Whether everything that arrives now has to wait for the next tick.
    pub(in crate::engine) const fn is_spent(&self) -> bool {
        self.left.is_spent()
    }

    /// Spends a part of the rest.
    pub(in crate::engine) const fn spend(&mut self, cost: usize) {
        self.left.spend(cost);
    }

    /// Forgets an engine that has ended.
    pub(in crate::engine) fn forget(&mut self, engine: EngineId) {
        self.readers.retain(|inputs| *inputs != engine);
    }
}
