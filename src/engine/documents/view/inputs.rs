//! What a view is made by.

use crate::policy::{ConsumersFrom, IndexBy, Policy, SourceId};

use crate::source::JsonPath;

use super::{DirectoryId, View};
use crate::engine::event::{Event, Observer};

/// The policy that a document is read for. All policies that share a source make the same view of it.
pub(in crate::engine) struct ViewInputs<'r> {
    pub(in crate::engine) policy: &'r Policy,
    pub(in crate::engine) id: SourceId,
    /// The view that the new one would replace.
    pub(in crate::engine) last: Option<&'r View>,
    pub(in crate::engine) observer: &'r mut dyn Observer,
}

impl ViewInputs<'_> {
    /// How the document's entries are found by key.
    pub(in crate::engine) fn index(&self) -> Option<&IndexBy> {
        self.policy.sources.at(self.id)?.index.as_ref()
    }

    /// The JSONPaths of the document's lists.
    pub(in crate::engine) fn lists(&self) -> &[JsonPath] {
        self.policy.sources.lists.of(self.id)
    }

    /// Whether the document is a set of keys.
    pub(in crate::engine) fn holds_keys(&self) -> bool {
        let source = self.policy.sources.at(self.id);
        source.is_some_and(|source| source.holds_keys)
    }

    /// The policy's lists of consumers in this document, in its order.
    pub(in crate::engine) fn consumers_from(&self) -> impl Iterator<Item = &ConsumersFrom> {
        let all = self.policy.consumers_from.iter();
        all.filter(|from| from.source == self.id)
    }

    /// The policy's list of consumers that becomes this directory.
    pub(in crate::engine) fn list(&self, id: DirectoryId) -> Option<&ConsumersFrom> {
        self.consumers_from().nth(id.index())
    }

    /// Reports that something in the document was left out.
    pub(in crate::engine) fn left_out(&mut self, record: &str, reason: &str) {
        self.observer.event(&Event::RecordLeftOut {
            source: self.policy.sources.name(self.id),
            id: self.id,
            record,
            reason,
        });
    }
}
