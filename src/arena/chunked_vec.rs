//! A list that grows without moving its items.

use std::num::NonZeroU32;

/// The number of items in a chunk.
const CHUNK: usize = 512;

/// The index of an item in an arena. An `Option` of it has the same size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ArenaId(NonZeroU32);

impl ArenaId {
    /// The id of this index, which starts at zero. An index above `u32::MAX` gets the last id; no policy is that large.
    pub(crate) fn from_index(index: usize) -> Self {
        let number = u32::try_from(index).unwrap_or(u32::MAX).saturating_add(1);
        Self(NonZeroU32::new(number).unwrap_or(NonZeroU32::MAX))
    }

    /// The index, from zero.
    pub(crate) fn index(self) -> usize {
        usize::try_from(self.0.get().wrapping_sub(1)).unwrap_or(usize::MAX)
    }

    /// A number that no other id has, for hashes.
    pub(crate) const fn number(self) -> u32 {
        self.0.get()
    }
}

/// A list of chunks of the same size. Items never move.
#[derive(Clone, Debug)]
pub(crate) struct ChunkedVec<T>(Vec<Vec<T>>);

impl<T> Default for ChunkedVec<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T> ChunkedVec<T> {
    pub(crate) fn len(&self) -> usize {
        self.0.split_last().map_or(0, |(last, full)| {
            full.len().saturating_mul(CHUNK).saturating_add(last.len())
        })
    }

    pub(crate) fn push(&mut self, item: T) -> ArenaId {
        let id = ArenaId::from_index(self.len());
        match self.0.last_mut().filter(|last| last.len() < CHUNK) {
            Some(last) => last.push(item),
            // Most policies are small: the first chunk grows, later ones are allocated in full.
            None => {
                let room = if self.0.is_empty() { 1 } else { CHUNK };
                let mut chunk = Vec::with_capacity(room);
                chunk.push(item);
                self.0.push(chunk);
            }
        }
        id
    }

    pub(crate) fn get(&self, id: ArenaId) -> Option<&T> {
        let index = id.index();
        self.0.get(index / CHUNK)?.get(index % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, id: ArenaId) -> Option<&mut T> {
        let index = id.index();
        self.0.get_mut(index / CHUNK)?.get_mut(index % CHUNK)
    }

    /// Frees the unused memory of the last chunk.
    pub(crate) fn shrink(&mut self) {
        if let Some(last) = self.0.last_mut() {
            last.shrink_to_fit();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_item_by_its_id() {
        let mut slab = ChunkedVec::default();
        let ids: Vec<ArenaId> = (0..2000_u32).map(|item| slab.push(item)).collect();
        slab.shrink();
        assert_eq!(slab.len(), 2000);
        for (id, item) in ids.iter().zip(0..) {
            assert_eq!(slab.get(*id), Some(&item));
            assert_eq!(ArenaId::from_index(id.index()), *id);
        }
        *slab.get_mut(ids[1999]).unwrap() = 7;
        assert_eq!(slab.get(ids[1999]), Some(&7));
        assert_eq!(slab.get(ArenaId::from_index(2000)), None);
        assert_eq!(ChunkedVec::<u8>::default().get(ids[0]), None);
    }
}
