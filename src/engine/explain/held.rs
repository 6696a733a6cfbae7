//! What is held of a document, for a person who asks.

use crate::draw::Share;
use crate::engine::Engine;
use crate::engine::documents::{Machine, SourceState};
use crate::policy::Flag;

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
    /// The lists that conditions ask.
    pub lists: Vec<ListReport>,
    /// The flags in it.
    pub flags: Vec<FlagReport>,
}

/// A list of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListReport {
    /// Its JSONPath.
    pub path: String,
    /// The entries.
    pub entries: usize,
    /// The values that are neither text nor a number.
    pub left_out: usize,
}

/// A flag of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagReport {
    /// Its name in the policy.
    pub name: String,
    /// Its state, as a percentage. `None` if the document says no usable one.
    pub state: Option<String>,
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
        let view = &policy_view.view;
        let paths = self.policy.sources.lists.of(id).iter();
        let lists = paths.zip(&view.lists).map(|(path, list)| ListReport {
            path: path.to_string(),
            entries: list.len(),
            left_out: list.left_out(),
        });
        let flags = self.policy.flags.iter().filter(|flag| flag.source == id);
        let state = |flag: &Flag| view.value().and_then(|value| flag.state(value));
        let flags = flags.map(|flag| FlagReport {
            name: flag.name.to_string(),
            state: state(flag).map(Share::to_text),
        });
        Some(HeldDocument {
            lists: lists.collect(),
            flags: flags.collect(),
            version,
            format: format.map(|format| format!("{format:?}")),
            index,
        })
    }
}
