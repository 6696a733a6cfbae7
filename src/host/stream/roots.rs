//! The root of each stream.

use crate::host::id::{ContextId, Table};

/// The root of each stream. The host names it once, when the stream begins.
#[derive(Debug, Default)]
pub(in crate::host) struct StreamRoots(Table<ContextId, ContextId>);

impl StreamRoots {
    /// A stream of `root` begins.
    pub(in crate::host) fn add(&mut self, stream: ContextId, root: ContextId) {
        self.0.insert(stream, root);
    }

    /// The root of a stream; `None` where the host never named it.
    pub(super) fn get(&self, stream: ContextId) -> Option<ContextId> {
        self.0.get(&stream).copied()
    }

    /// A stream ends. Says whether it was known.
    pub(super) fn remove(&mut self, stream: ContextId) -> bool {
        self.0.remove(&stream).is_some()
    }
}
