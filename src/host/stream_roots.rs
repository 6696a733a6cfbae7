//! Which root a stream is of.

use super::id::{ContextId, Table};

/// The root of each stream. The host tells it once, when the stream begins.
#[derive(Debug, Default)]
pub(super) struct StreamRoots(Table<ContextId, ContextId>);

impl StreamRoots {
    /// A stream of `root` begins.
    pub(super) fn add(&mut self, stream: ContextId, root: ContextId) {
        self.0.insert(stream, root);
    }

    /// The root of a stream; `None` where the host never told of the stream.
    pub(super) fn get(&self, stream: ContextId) -> Option<ContextId> {
        self.0.get(&stream).copied()
    }

    /// A stream ends. Says whether it was known.
    pub(super) fn remove(&mut self, stream: ContextId) -> bool {
        self.0.remove(&stream).is_some()
    }
}
