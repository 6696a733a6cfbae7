//! Who reads a document.

use crate::policy::{ConsumersFrom, Policy, Source, SourceId};

use super::event::{Event, Observer};
use super::view::View;

/// Who reads. Which of the policies that share a source does makes no difference.
pub(super) struct Reader<'r> {
    pub(super) policy: &'r Policy,
    pub(super) id: SourceId,
    /// The view that the new one would replace.
    pub(super) last: Option<&'r View>,
    pub(super) observer: &'r mut dyn Observer,
}

impl Reader<'_> {
    /// The source itself.
    pub(super) fn source(&self) -> Option<&Source> {
        self.policy.sources.at(self.id)
    }

    /// The policy's readers of consumers, in its order.
    pub(super) fn consumers_from(&self) -> impl Iterator<Item = &ConsumersFrom> {
        let all = self.policy.consumers_from.iter();
        all.filter(|from| from.source == self.id)
    }

    /// Tells that something in the document was left out.
    pub(super) fn left_out(&mut self, record: &str, reason: &str) {
        self.observer.event(&Event::RecordLeftOut {
            source: self.policy.sources.name(self.id),
            id: self.id,
            record,
            reason,
        });
    }
}
