//! Segments and whole paths that stand in some pattern, each once.

use crate::arena::{ArenaId, HandleTable, TextArena};
use crate::hash::Seeded;

/// Texts, each once, found by what they are.
#[derive(Clone, Debug, Default)]
pub(super) struct Interner {
    texts: TextArena,
    places: HandleTable<ArenaId>,
    seed: Seeded,
}

impl Interner {
    /// The name of a text, where it is known.
    fn find(&self, text: &[u8]) -> Option<ArenaId> {
        let is = |id| self.texts.bytes(id) == Some(text);
        self.places.find(self.seed.of_bytes(text), is)
    }

    /// The text of this name.
    pub(super) fn get(&self, name: ArenaId) -> Option<&[u8]> {
        self.texts.bytes(name)
    }

    /// The name of a text, which is known from now on. A pattern's words are UTF-8.
    pub(super) fn add(&mut self, text: &[u8]) -> ArenaId {
        if let Some(known) = self.find(text) {
            return known;
        }
        let id = self
            .texts
            .add(std::str::from_utf8(text).unwrap_or_default());
        self.places.insert(self.seed.of_bytes(text), id);
        id
    }

    pub(super) fn shrink(&mut self) {
        self.texts.shrink();
    }
}
