//! Stores each segment and each whole path of the patterns once.

use crate::arena::{ArenaId, HandleTable, TextArena};
use crate::hash::Seeded;

/// A string interner.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    texts: TextArena,
    ids: HandleTable<ArenaId>,
    seed: Seeded,
}

impl Interner {
    /// The id of a text, if it is stored.
    fn find(&self, text: &[u8]) -> Option<ArenaId> {
        let is = |id| self.texts.bytes(id) == Some(text);
        self.ids.find(self.seed.of_bytes(text), is)
    }

    /// The text of this id.
    pub(super) fn get(&self, id: ArenaId) -> Option<&[u8]> {
        self.texts.bytes(id)
    }

    /// The id of a text. Stores the text if it is new. The texts of patterns are UTF-8.
    pub(super) fn add(&mut self, text: &[u8]) -> ArenaId {
        if let Some(known) = self.find(text) {
            return known;
        }
        let id = self
            .texts
            .add(std::str::from_utf8(text).unwrap_or_default());
        self.ids.insert(self.seed.of_bytes(text), id);
        id
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
    }
}
