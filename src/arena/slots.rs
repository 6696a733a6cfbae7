//! Things by hash, in one flat list.

use std::fmt;
use std::marker::PhantomData;

use hashbrown::HashTable;

use super::{ArenaId, EntryId};

/// What names a thing of an arena: a number.
pub(crate) trait Handle: Copy {
    /// The number; never the highest that there is.
    fn to_number(self) -> u32;

    /// What has this number.
    fn of_number(number: u32) -> Self;
}

impl Handle for EntryId {
    fn to_number(self) -> u32 {
        self.0
    }

    fn of_number(number: u32) -> Self {
        Self(number)
    }
}

impl Handle for ArenaId {
    fn to_number(self) -> u32 {
        self.number().wrapping_sub(1)
    }

    fn of_number(number: u32) -> Self {
        Self::from_index(usize::try_from(number).unwrap_or(usize::MAX))
    }
}

/// A handle with 32 bits of the hash of its item. Most items of another hash are told apart by these bits alone: the item
/// itself is elsewhere in memory.
#[derive(Clone, Copy)]
struct Slot {
    mark: u32,
    number: u32,
}

impl Slot {
    /// Both halves alike: the table takes its bits from the low half on 32-bit machines.
    fn hash(&self) -> u64 {
        full(self.mark)
    }
}

/// Handles of an arena by the hash of their items. The items stay in their arena. Nothing is ever removed.
#[derive(Clone)]
pub(crate) struct HandleTable<N = EntryId> {
    table: HashTable<Slot>,
    names: PhantomData<N>,
}

impl<N> fmt::Debug for HandleTable<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandleTable")
            .field("len", &self.table.len())
            .finish_non_exhaustive()
    }
}

impl<N> Default for HandleTable<N> {
    fn default() -> Self {
        Self {
            table: HashTable::new(),
            names: PhantomData,
        }
    }
}

impl<N: Handle> HandleTable<N> {
    /// How many things there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there is none.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The first thing of this hash that `is` the one.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, mut is: impl FnMut(N) -> bool) -> Option<N> {
        self.find_map(hash, |at| is(at).then_some(at))
    }

    /// What comes of the first thing of this hash of which something does.
    #[inline(always)]
    pub(crate) fn find_map<T>(&self, hash: u64, mut read: impl FnMut(N) -> Option<T>) -> Option<T> {
        let mark = mark(hash);
        let mut found = None;
        self.table.find(full(mark), |slot| {
            if slot.mark == mark {
                found = read(N::of_number(slot.number));
            }
            found.is_some()
        });
        found
    }

    /// Adds a thing of this hash, whether there is one already or not.
    pub(crate) fn insert(&mut self, hash: u64, name: N) {
        let mark = mark(hash);
        let number = name.to_number();
        self.table
            .insert_unique(full(mark), Slot { mark, number }, Slot::hash);
    }

    /// The first of them at `place` or behind it, and where it lies: for a walk that is gone on with later.
    #[must_use]
    pub(crate) fn next(&self, place: usize) -> Option<(usize, N)> {
        (place..self.table.num_buckets()).find_map(|place| {
            let slot = self.table.get_bucket(place)?;
            Some((place, N::of_number(slot.number)))
        })
    }

    /// All of them, in no order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = N> + '_ {
        self.table.iter().map(|slot| N::of_number(slot.number))
    }
}

fn mark(hash: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
}

fn full(mark: u32) -> u64 {
    let mark = u64::from(mark);
    mark << 32 | mark
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_and_no_other() {
        let mut slots: HandleTable = HandleTable::default();
        assert_eq!(slots.find(1, |_| true), None);
        let hash = |number: u32| u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for number in 0..5000 {
            slots.insert(hash(number), EntryId(number));
        }
        for number in 0..5000 {
            assert_eq!(
                slots.find(hash(number), |at| at.0 == number),
                Some(EntryId(number))
            );
        }
        for number in 5000..9000 {
            assert_eq!(slots.find(hash(number), |at| at.0 == number), None);
        }
        assert_eq!((slots.len(), slots.iter().count()), (5000, 5000));
        let (mut place, mut walked) = (0, Vec::new());
        while let Some((found, at)) = slots.next(place) {
            walked.push(at);
            place = found + 1;
        }
        walked.sort_unstable();
        let mut all: Vec<_> = slots.iter().collect();
        all.sort_unstable();
        assert_eq!(walked, all);
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let mut slots: HandleTable<ArenaId> = HandleTable::default();
        for place in [0, 1, 70_000] {
            slots.insert(place, ArenaId::from_index(usize::try_from(place).unwrap()));
        }
        assert_eq!(slots.find(0, |_| true), Some(ArenaId::from_index(0)));
        assert_eq!(
            slots.find(70_000, |_| true),
            Some(ArenaId::from_index(70_000))
        );
        assert_eq!(slots.find(2, |_| true), None);
    }

    #[test]
    fn one_hash_for_all() {
        let mut slots: HandleTable = HandleTable::default();
        (0..100).for_each(|number| slots.insert(7, EntryId(number)));
        assert_eq!(slots.find(7, |at| at.0 == 99), Some(EntryId(99)));
        let mut seen = 0;
        assert_eq!(
            slots.find(7, |_| {
                seen += 1;
                false
            }),
            None
        );
        assert_eq!(seen, 100);
    }
}
