//! A hash table of names: what they name lies elsewhere, and so do the keys.

use super::Id;

/// Finds things by the hash of their key. Half as large as a table that holds the keys' places too.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// As many as a power of two, a quarter of them free at least.
    slots: Box<[Option<Id>]>,
    used: usize,
}

/// The slot to begin with.
fn first_slot(hash: u64, slots: usize) -> usize {
    let low = usize::try_from(hash & u64::from(u32::MAX)).unwrap_or_default();
    low & slots.wrapping_sub(1)
}

impl Places {
    /// The thing of this hash that `is` it.
    pub(crate) fn find(&self, hash: u64, is: impl Fn(Id) -> bool) -> Option<Id> {
        let mut slot = first_slot(hash, self.slots.len());
        // A free slot ends it, and there always is one.
        loop {
            let id = (*self.slots.get(slot)?)?;
            if is(id) {
                return Some(id);
            }
            slot = self.after(slot);
        }
    }

    /// Adds a thing that isn't there yet. `hash_of` tells the hash of those that are.
    pub(crate) fn insert(&mut self, hash: u64, id: Id, hash_of: impl Fn(Id) -> u64) {
        let needed = self.used.saturating_add(1);
        if needed.saturating_mul(4) > self.slots.len().saturating_mul(3) {
            let room = self.slots.len().saturating_mul(2).max(4);
            let before = std::mem::replace(&mut self.slots, vec![None; room].into());
            for id in before.into_iter().flatten() {
                self.put(hash_of(id), id);
            }
        }
        self.used = needed;
        self.put(hash, id);
    }

    fn put(&mut self, hash: u64, id: Id) {
        let mut slot = first_slot(hash, self.slots.len());
        while let Some(Some(_)) = self.slots.get(slot) {
            slot = self.after(slot);
        }
        if let Some(free) = self.slots.get_mut(slot) {
            *free = Some(id);
        }
    }

    const fn after(&self, slot: usize) -> usize {
        slot.wrapping_add(1) & self.slots.len().wrapping_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A hash with many collisions.
    fn hash(id: Id) -> u64 {
        u64::from(id.number() / 5)
    }

    #[test]
    fn what_was_put_in_is_found() {
        let mut places = Places::default();
        assert_eq!(places.find(0, |_| true), None);
        for count in 0..1000 {
            let id = Id::of(count);
            assert_eq!(places.find(hash(id), |found| found == id), None);
            places.insert(hash(id), id, hash);
            for earlier in (0..=count).step_by(7).chain([count]) {
                let id = Id::of(earlier);
                assert_eq!(places.find(hash(id), |found| found == id), Some(id));
            }
        }
        assert_eq!(places.slots.len(), 2048);
    }
}
