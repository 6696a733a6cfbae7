//! Things by hash, in one flat list.

use std::marker::PhantomData;

use super::{At, Id};

/// What names a thing of an arena: a number.
pub trait Handle: Copy {
    /// The number; never the highest that there is.
    fn to_number(self) -> u32;

    /// What has this number.
    fn of_number(number: u32) -> Self;
}

impl Handle for At {
    fn to_number(self) -> u32 {
        self.0
    }

    fn of_number(number: u32) -> Self {
        Self(number)
    }
}

impl Handle for Id {
    fn to_number(self) -> u32 {
        self.number().wrapping_sub(1)
    }

    fn of_number(number: u32) -> Self {
        Self::of(usize::try_from(number).unwrap_or(usize::MAX))
    }
}

/// What one thing is named by, and 32 bits of its hash. Most things of another hash are told by these alone: the thing
/// itself, and the key that it lies with, are elsewhere in memory.
#[derive(Clone, Copy, Debug)]
struct Slot {
    mark: u32,
    number: u32,
}

const EMPTY: Slot = Slot {
    mark: 0,
    number: u32::MAX,
};

/// Which things have a hash: open addressing, eight bytes a slot, at most seven of eight slots taken. Nothing is ever
/// taken out.
#[derive(Clone, Debug)]
pub struct Slots<N = At> {
    slots: Vec<Slot>,
    taken: usize,
    names: PhantomData<N>,
}

impl<N> Default for Slots<N> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            taken: 0,
            names: PhantomData,
        }
    }
}

impl<N: Handle> Slots<N> {
    /// How many things there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.taken
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// The first thing of this hash that `is` the one.
    #[inline(always)]
    pub fn find(&self, hash: u64, mut is: impl FnMut(N) -> bool) -> Option<N> {
        self.find_map(hash, |at| is(at).then_some(at))
    }

    /// What comes of the first thing of this hash of which something does.
    #[inline(always)]
    pub fn find_map<T>(&self, hash: u64, mut read: impl FnMut(N) -> Option<T>) -> Option<T> {
        let mark = mark(hash);
        let mask = self.slots.len().checked_sub(1)?;
        let mut place = home(mark, mask);
        // There are empty slots: it ends.
        loop {
            let slot = self
                .slots
                .get(place)
                .filter(|slot| slot.number != EMPTY.number)?;
            if slot.mark == mark {
                if let Some(found) = read(N::of_number(slot.number)) {
                    return Some(found);
                }
            }
            place = place.wrapping_add(1) & mask;
        }
    }

    /// Adds a thing of this hash, whether there is one already or not.
    pub fn insert(&mut self, hash: u64, name: N) {
        let limit = self.slots.len().saturating_sub(self.slots.len() >> 3);
        if self.taken >= limit {
            self.grow();
        }
        let mark = mark(hash);
        let number = name.to_number();
        put(&mut self.slots, Slot { mark, number });
        self.taken = self.taken.saturating_add(1);
    }

    /// The first of them at `place` or behind it, and where it lies: for a walk that is gone on with later.
    #[must_use]
    pub fn next(&self, place: usize) -> Option<(usize, N)> {
        let mut rest = self.slots.iter().enumerate().skip(place);
        let (found, slot) = rest.find(|(_, slot)| slot.number != EMPTY.number)?;
        Some((found, N::of_number(slot.number)))
    }

    /// All of them, in no order.
    pub fn iter(&self) -> impl Iterator<Item = N> + '_ {
        let taken = self.slots.iter().filter(|slot| slot.number != EMPTY.number);
        taken.map(|slot| N::of_number(slot.number))
    }

    fn grow(&mut self) {
        let room = self.slots.len().saturating_mul(2).max(8);
        let mut slots = vec![EMPTY; room];
        let taken = self.slots.iter().filter(|slot| slot.number != EMPTY.number);
        taken.for_each(|slot| put(&mut slots, *slot));
        self.slots = slots;
    }
}

/// Puts a slot into the first place that is free; there is one.
fn put(slots: &mut [Slot], slot: Slot) {
    let Some(mask) = slots.len().checked_sub(1) else {
        return;
    };
    let mut place = home(slot.mark, mask);
    while let Some(held) = slots.get_mut(place) {
        if held.number == EMPTY.number {
            *held = slot;
            return;
        }
        place = place.wrapping_add(1) & mask;
    }
}

fn mark(hash: u64) -> u32 {
    let [a, b, c, d, e, f, g, h] = hash.to_le_bytes();
    u32::from_le_bytes([a, b, c, d]) ^ u32::from_le_bytes([e, f, g, h])
}

/// The number of slots is a power of two.
fn home(mark: u32, mask: usize) -> usize {
    usize::try_from(mark).unwrap_or_default() & mask
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_and_no_other() {
        let mut slots: Slots = Slots::default();
        assert_eq!(slots.find(1, |_| true), None);
        let hash = |number: u32| u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        for number in 0..5000 {
            slots.insert(hash(number), At(number));
        }
        for number in 0..5000 {
            assert_eq!(
                slots.find(hash(number), |at| at.0 == number),
                Some(At(number))
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
        assert_eq!(walked, slots.iter().collect::<Vec<_>>());
        assert!(slots.taken * 8 <= slots.slots.len() * 7);
    }

    #[test]
    fn what_was_put_in_comes_out() {
        let mut slots: Slots<Id> = Slots::default();
        for place in [0, 1, 70_000] {
            slots.insert(place, Id::of(usize::try_from(place).unwrap()));
        }
        assert_eq!(slots.find(0, |_| true), Some(Id::of(0)));
        assert_eq!(slots.find(70_000, |_| true), Some(Id::of(70_000)));
        assert_eq!(slots.find(2, |_| true), None);
    }

    #[test]
    fn one_hash_for_all() {
        let mut slots: Slots = Slots::default();
        (0..100).for_each(|number| slots.insert(7, At(number)));
        assert_eq!(slots.find(7, |at| at.0 == 99), Some(At(99)));
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
