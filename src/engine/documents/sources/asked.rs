//! What conditions ask of documents: lists, and the states of flags.

use serde_json::Value;

use crate::policy::{DocumentListId, SourceId};
use crate::source::TextSet;

use super::Sources;

impl Sources {
    /// A list of a document that may be used.
    pub(in crate::engine) fn list(&self, id: DocumentListId) -> Option<&TextSet> {
        let (source, place) = self.lists.get(id.index())?;
        self.usable_view(*source)?.view.lists.get(*place)
    }

    /// The value of a document that may be used.
    pub(in crate::engine) fn value(&self, id: SourceId) -> Option<&Value> {
        self.usable_view(id)?.view.value()
    }
}
