//! Hash tables whose seed the driver draws.
//!
//! The standard library draws the seed of its own tables from the system and panics where that fails. In a VM that is a
//! host call which the operator may have restricted, and a panic is a trap. So the tables of the core are seeded here:
//! SipHash over the driver's bits first, and then the key.

use std::cell::Cell;
use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, Hasher};

/// A hash table. Made by `Map::default()`.
pub type Map<K, V> = HashMap<K, V, Seeded>;

/// A set of the same kind.
pub type Set<T> = HashSet<T, Seeded>;

thread_local! {
    static SEED: Cell<u64> = const { Cell::new(0) };
}

/// Sets the seed of all tables that this thread makes from now on: random bits, so that nobody outside can choose keys
/// that collide.
pub fn seed(bits: u64) {
    SEED.set(bits);
}

/// Hashes by a seed that is fixed when a table is made.
#[derive(Clone, Copy, Debug)]
pub struct Seeded(u64);

impl Default for Seeded {
    fn default() -> Self {
        Self(SEED.get())
    }
}

impl BuildHasher for Seeded {
    type Hasher = DefaultHasher;

    fn build_hasher(&self) -> DefaultHasher {
        let mut hasher = DefaultHasher::new();
        hasher.write_u64(self.0);
        hasher
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
