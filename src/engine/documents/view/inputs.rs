//! Who reads a document.

use crate::policy::{ConsumersFrom, Policy, Source, SourceId};

use super::View;
use crate::engine::event::{Event, Observer};

/// Who reads. Which of the policies that share a source does makes no difference.
pub(in crate::engine) struct ViewInputs<'r> {
    pub(in crate::engine) policy: &'r Policy,
    pub(in crate::engine) id: SourceId,
    /// The view that the new one would replace.
    pub(in crate::engine) last: Option<&'r View>,
    pub(in crate::engine) observer: &'r mut dyn Observer,
}

impl ViewInputs<'_> {
    /// The source itself.
    pub(in crate::engine) fn source(&self) -> Option<&Source> {
        self.policy.sources.at(self.id)
    }

    /// The policy's readers of consumers, in its order.
    pub(in crate::engine) fn consumers_from(&self) -> impl Iterator<Item = &ConsumersFrom> {
        let all = self.policy.consumers_from.iter();
        all.filter(|from| from.source == self.id)
    }

    /// Tells that something in the document was left out.
    pub(in crate::engine) fn left_out(&mut self, record: &str, reason: &str) {
        self.observer.event(&Event::RecordLeftOut {
            source: self.policy.sources.name(self.id),
            id: self.id,
            record,
            reason,
        });
    }
}
