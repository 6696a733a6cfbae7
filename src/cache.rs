//! A bounded cache.

use crate::hash::Map;
use std::borrow::Borrow;
use std::hash::Hash;

/// A map with a limit for its number of entries and a limit for their total weight. A full cache evicts an entry by the
/// *clock* algorithm (second chance), which is close to least recently used and costs one bit for each access. An insertion
/// costs amortised O(1).
#[derive(Debug)]
pub(crate) struct Cache<K, V> {
    index: Map<K, SlotId>,
    slots: Vec<CacheEntry<K, V>>,
    /// Where the search for the next victim goes on.
    hand: SlotId,
    weight: usize,
    max_entries: usize,
    max_weight: usize,
}

/// The position of an entry in the list of slots.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct SlotId(usize);

#[derive(Debug)]
struct CacheEntry<K, V> {
    key: K,
    value: V,
    weight: usize,
    asked_for: bool,
}

/// `K` should be cheap to clone (`Rc<[u8]>`): the cache holds it twice.
impl<K: Clone + Eq + Hash, V> Cache<K, V> {
    /// An empty cache for at most `max_entries` with a total weight of at most `max_weight`, in the unit of the weights that
    /// [`insert`](Self::insert) gets. It allocates nothing in advance.
    #[must_use]
    pub(crate) fn new(max_entries: usize, max_weight: usize) -> Self {
        Self {
            index: Map::default(),
            slots: Vec::new(),
            hand: SlotId::default(),
            weight: 0,
            max_entries,
            max_weight,
        }
    }

    /// The number of entries.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The value of `key`. The entry counts as used.
    pub(crate) fn get<Q>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let slot = self.slots.get_mut(self.index.get(key)?.0)?;
        slot.asked_for = true;
        Some(&mut slot.value)
    }

    /// Adds a value and removes an older value of the same key. Evicts other entries until the new one fits. A value that
    /// is too heavy for the cache is not added.
    pub(crate) fn insert(&mut self, key: K, value: V, weight: usize) {
        self.remove(&key);
        if weight > self.max_weight || self.max_entries == 0 {
            return;
        }
        let room = self.max_weight.saturating_sub(weight);
        while self.slots.len() >= self.max_entries || self.weight > room {
            self.forget_one();
        }
        self.weight = self.weight.saturating_add(weight);
        self.index.insert(key.clone(), SlotId(self.slots.len()));
        self.slots.push(CacheEntry {
            key,
            value,
            weight,
            asked_for: false,
        });
    }

    /// Removes `key`.
    pub(crate) fn remove<Q>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let id = self.index.remove(key)?;
        self.take(id)
    }

    fn forget_one(&mut self) {
        // Each turn of the loop removes one second chance, so there are two rounds at most.
        loop {
            if self.hand.0 >= self.slots.len() {
                self.hand = SlotId(0);
            }
            match self.slots.get_mut(self.hand.0) {
                Some(slot) if slot.asked_for => {
                    slot.asked_for = false;
                    self.hand = SlotId(self.hand.0.saturating_add(1));
                }
                Some(slot) => {
                    self.index.remove(&slot.key);
                    self.take(self.hand);
                    return;
                }
                None => return,
            }
        }
    }

    /// Removes an entry. The last entry moves into its slot.
    fn take(&mut self, id: SlotId) -> Option<V> {
        if id.0 >= self.slots.len() {
            return None;
        }
        let slot = self.slots.swap_remove(id.0);
        self.weight = self.weight.saturating_sub(slot.weight);
        if let Some(moved) = self.slots.get(id.0) {
            self.index.insert(moved.key.clone(), id);
        }
        Some(slot.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keeps_entries_that_are_used() {
        let mut cache = Cache::new(3, 100);
        for key in 0..3 {
            cache.insert(key, key * 10, 1);
        }
        assert_eq!(cache.get(&1), Some(&mut 10));
        cache.insert(3, 30, 1);
        assert_eq!(cache.get(&1), Some(&mut 10));
        cache.insert(4, 40, 1);
        assert_eq!(cache.get(&1), Some(&mut 10));
        assert_eq!((cache.len(), cache.weight), (3, 3));
    }

    #[test]
    fn evicts_by_weight() {
        let mut cache = Cache::new(10, 10);
        cache.insert("a", (), 6);
        cache.insert("b", (), 4);
        assert_eq!((cache.len(), cache.weight), (2, 10));
        cache.insert("a", (), 5);
        assert_eq!((cache.len(), cache.weight), (2, 9));
        cache.insert("c", (), 11);
        assert_eq!((cache.len(), cache.weight), (2, 9));
        cache.insert("b", (), 11);
        assert_eq!(cache.remove("b"), None);
        cache.insert("d", (), 10);
        assert_eq!((cache.len(), cache.weight), (1, 10));
        let mut nothing = Cache::new(0, 10);
        nothing.insert("a", (), 1);
        assert_eq!(nothing.len(), 0);
    }

    #[derive(Clone, Debug)]
    enum Act {
        Insert(u8, usize),
        Get(u8),
        Remove(u8),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            (0..12_u8, 0..8_usize).prop_map(|(key, weight)| Act::Insert(key, weight)),
            (0..12_u8).prop_map(Act::Get),
            (0..12_u8).prop_map(Act::Remove),
        ]
    }

    proptest! {
        /// The cache stays within its limits, and never returns an older value of a key.
        #[test]
        fn bounded_and_right(acts in prop::collection::vec(act(), 0..200), entries in 0..6_usize, weight in 0..20_usize) {
            let mut cache = Cache::new(entries, weight);
            let mut last = Map::default();
            for (turn, act) in acts.into_iter().enumerate() {
                match act {
                    Act::Insert(key, weighs) => {
                        cache.insert(key, turn, weighs);
                        last.insert(key, (turn, weighs));
                    }
                    Act::Get(key) => {
                        if let Some(value) = cache.get(&key) {
                            prop_assert_eq!(Some(*value), last.get(&key).map(|(turn, _)| *turn));
                        }
                    }
                    Act::Remove(key) => {
                        cache.remove(&key);
                        last.remove(&key);
                    }
                }
                prop_assert!(cache.len() <= entries && cache.weight <= weight);
                prop_assert_eq!(cache.index.len(), cache.len());
                let sum: usize = cache.slots.iter().map(|slot| last[&slot.key].1).sum();
                prop_assert_eq!(sum, cache.weight);
                for (at, slot) in cache.slots.iter().enumerate() {
                    prop_assert_eq!(cache.index.get(&slot.key), Some(&SlotId(at)));
                }
            }
        }
    }
}
