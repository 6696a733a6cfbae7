//! Handles by the hash of their items. The table is `hashbrown`'s; it costs 2 kB of the module and one byte more for each
//! slot than a table of our own did.

use std::fmt;
use std::marker::PhantomData;

use hashbrown::HashTable;

use super::{ArenaId, EntryId};

/// A number that identifies an item of an arena.
pub(crate) trait Handle: Copy {
    /// The number. It is never `u32::MAX`.
    fn to_number(self) -> u32;

    /// The handle of this number.
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

/// A handle with 32 bits of its item's hash. The bits tell most other items apart without reading the item, which lies
/// elsewhere in memory.
#[derive(Clone, Copy)]
struct Slot {
    mark: u32,
    number: u32,
}

impl Slot {
    /// The mark in both halves: on 32-bit machines the table reads only the low half.
    fn hash(&self) -> u64 {
        full(self.mark)
    }
}

/// The position of a walk over a table. It holds nothing of the table, so the walk can be resumed later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TableCursor(usize);

impl TableCursor {
    /// Before the first handle.
    pub(crate) const START: Self = Self(0);
}

/// Handles of an arena by the hash of their items. The items stay in their arena. Handles are never removed.
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
    /// The number of handles.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether the table is empty.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// The first handle of this hash for which `is` returns true.
    #[inline(always)]
    pub(crate) fn find(&self, hash: u64, mut is: impl FnMut(N) -> bool) -> Option<N> {
        self.find_map(hash, |at| is(at).then_some(at))
    }

    /// The first `Some` that `read` returns for a handle of this hash.
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

    /// Adds a handle with this hash. Handles of the same hash stay.
    pub(crate) fn insert(&mut self, hash: u64, name: N) {
        let mark = mark(hash);
        let number = name.to_number();
        self.table
            .insert_unique(full(mark), Slot { mark, number }, Slot::hash);
    }

    /// The handle at `cursor` or the next one behind it, in no meaningful order. Moves `cursor` behind it.
    pub(crate) fn next(&self, cursor: &mut TableCursor) -> Option<N> {
        let buckets = cursor.0..self.table.num_buckets();
        let (bucket, slot) = buckets
            .filter_map(|bucket| Some((bucket, self.table.get_bucket(bucket)?)))
            .next()?;
        cursor.0 = bucket.saturating_add(1);
        Some(N::of_number(slot.number))
    }

    /// All handles, in no particular order.
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
    fn finds_each_handle_and_no_other() {
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
        let (mut cursor, mut walked) = (TableCursor::START, Vec::new());
        while let Some(at) = slots.next(&mut cursor) {
            walked.push(at);
        }
        walked.sort_unstable();
        let mut all: Vec<_> = slots.iter().collect();
        all.sort_unstable();
        assert_eq!(walked, all);
    }

    #[test]
    fn returns_the_handle_that_was_inserted() {
        let mut slots: HandleTable<ArenaId> = HandleTable::default();
        for number in [0, 1, 70_000] {
            slots.insert(
                number,
                ArenaId::from_index(usize::try_from(number).unwrap()),
            );
        }
        assert_eq!(slots.find(0, |_| true), Some(ArenaId::from_index(0)));
        assert_eq!(
            slots.find(70_000, |_| true),
            Some(ArenaId::from_index(70_000))
        );
        assert_eq!(slots.find(2, |_| true), None);
    }

    #[test]
    fn finds_handles_of_equal_hashes() {
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
