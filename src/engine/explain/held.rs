//! What is held of a document, for a person who asks.

use crate::engine::Engine;
use crate::engine::documents::{Machine, SourceState};

/// What an engine holds of the document of one source, beside what its [report](super::report::SourceReport) says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HeldDocument {
    /// The source's own name for this state of the document, as text for people; `None` where it has none.
    pub version: Option<String>,
    /// How the document is read; `None` where it is in the policy.
    pub format: Option<String>,
    /// The index of its entries, if it has one.
    pub index: Option<IndexReport>,
}

/// The entries of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexReport {
    /// The keys.
    pub keys: usize,
    /// The keys that several entries have. They answer for none.
    pub ambiguous: usize,
    /// The entries without a usable key.
    pub left_out: usize,
}

impl Engine {
    /// What is held of the document of the source with this name. `None` if there is no such source, if it is read on
    /// demand, or if it has no document yet.
    #[must_use]
    pub fn held(&self, source: &str) -> Option<HeldDocument> {
        let mut sources = self.sources.iter();
        let (id, state) = sources.find(|(id, _)| self.policy.sources.name(*id) == source)?;
        let (policy_view, version) = match state {
            SourceState::Inline(policy_view) => (policy_view, None),
            SourceState::Watched(watched) => {
                let shared = watched.shared.borrow();
                let version = match &shared.machine {
                    Machine::Fetched(watched) => watched.version_text(),
                    Machine::Merged(_) => None,
                };
                (watched.last_view()?, version)
            }
            SourceState::OnDemand(_) => return None,
        };
        let format = self.policy.sources.format(id);
        let index = policy_view.view.index.as_ref().map(|index| IndexReport {
            keys: index.len(),
            ambiguous: index.ambiguous(),
            left_out: index.left_out(),
        });
        Some(HeldDocument {
            version,
            format: format.map(|format| format!("{format:?}")),
            index,
        })
    }
}
