//! Hash tables with a seed from the driver.
//!
//! The standard library asks the system for the seed of its tables and panics where that fails. In a VM that is a host call,
//! which the operator may restrict, and a panic is a trap. So the driver gives the seed for the tables of the core. Clients
//! add no keys to these tables, except to the bounded caches of on-demand sources and of verified tokens. A fast hash with a secret seed is
//! enough for that; SipHash would take a fifth of a request's time.

use std::cell::Cell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{BuildHasher, Hasher as _};

use foldhash::fast::{FixedState, FoldHasher};

/// A hash table. `Map::default()` creates one.
pub(crate) type Map<K, V> = HashMap<K, V, Seeded>;

/// A hash set with the same hasher.
pub(crate) type Set<T> = HashSet<T, Seeded>;

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// Sets the seed of all tables that this thread creates from now on. The bits are random, secret and used for nothing else:
/// a client that knew them could choose keys that collide.
pub fn seed(bits: u64) {
    SEED.set(bits);
}

/// Hashes with a seed that is fixed when the table is created.
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
    /// The hash of the bytes alone, without a mark for their end. It isn't inlined: one copy of the code stays in the
    /// processor's cache.
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
    fn debug_does_not_print_the_seed() {
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
