//! Hash tables whose seed the driver draws.
//!
//! The standard library draws the seed of its own tables from the system and panics where that fails. In a VM that is a
//! host call which the operator may have restricted, and a panic is a trap. So the tables of the core are seeded here, by the
//! driver's bits. No client puts keys into them, save into the bounded memory of sources on demand; so a quick hash with
//! a seed that nobody knows is enough, and SipHash would be a fifth of a request's work.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hasher as _};

use foldhash::fast::{FixedState, FoldHasher};

/// A hash table. Made by `Map::default()`.
pub(crate) type Map<K, V> = HashMap<K, V, Seeded>;

/// A set of the same kind.
pub(crate) type Set<T> = HashSet<T, Seeded>;

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// Sets the seed of all tables that this thread makes from now on: random bits that are used for nothing else and published
/// nowhere, so that nobody outside can choose keys that collide.
pub fn seed(bits: u64) {
    SEED.set(bits);
}

/// Hashes by a seed that is fixed when a table is made.
#[derive(Clone)]
pub(crate) struct Seeded(FixedState);

impl fmt::Debug for Seeded {
    /// The seed doesn't print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seeded")
    }
}

impl Default for Seeded {
    fn default() -> Self {
        Self(FixedState::with_seed(SEED.get()))
    }
}

impl Seeded {
    /// The hash of bytes by themselves: of a key that is nothing else, whose end needs no mark. One piece of
    /// code for all, so that a request finds it in the processor's cache.
    #[inline(never)]
    #[must_use]
    pub(crate) fn of_bytes(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }
}

impl BuildHasher for Seeded {
    type Hasher = FoldHasher<'static>;

    fn build_hasher(&self) -> FoldHasher<'static> {
        self.0.build_hasher()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seed_does_not_print() {
        let print = |bits| {
            seed(bits);
            format!("{:?} {:?}", Seeded::default(), Map::from_iter([(1, 2)]))
        };
        assert_eq!(print(1), print(u64::MAX));
    }

    #[test]
    fn a_table_keeps_the_seed_that_it_was_made_with() {
        seed(1);
        let mut table = Map::default();
        table.insert("a", 1);
        let before = Seeded::default().hash_one("a");
        seed(2);
        assert_eq!(table.get("a"), Some(&1));
        assert_ne!(before, Seeded::default().hash_one("a"));
    }
}
