//! The state of an engine's sources.

use std::time::Duration;

use crate::policy::{Policy, SourceId};
use crate::source::Hash;
use crate::time::Timestamp;

use crate::engine::documents::{PolicyView, SourceState, Sources};

/// The state of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SourceReport<'a> {
    /// A watched source.
    Watched {
        /// Its name in the policy.
        name: &'a str,
        /// The last good document, if there is one.
        document: Option<DocumentReport>,
        /// How long ago the source last confirmed it; `None` before the first.
        age: Option<Duration>,
        /// Whether there is a document that may be used. It is neither missing nor stale.
        is_usable: bool,
    },
    /// A source on demand.
    OnDemand {
        /// Its name in the policy.
        name: &'a str,
        /// The answers that it remembers.
        remembered: RememberedReport,
    },
}

/// The last good document of a source, as the policy reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DocumentReport {
    /// The hash of its content.
    pub hash: Hash,
    /// Its length.
    pub bytes: usize,
    /// The consumers in it.
    pub consumers: usize,
    /// The usable keys in it, if it is a set of keys.
    pub keys: Option<usize>,
}

/// What a source on demand remembers in this VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RememberedReport {
    /// Documents.
    pub documents: usize,
    /// Keys without a document.
    pub lacks: usize,
    /// Callouts under way.
    pub in_flight: usize,
}

pub(in crate::engine) fn report<'p>(
    sources: &Sources,
    policy: &'p Policy,
    now: Timestamp,
) -> Vec<SourceReport<'p>> {
    let one = |(id, state): (SourceId, &SourceState)| {
        let name = policy.sources.name(id);
        match state {
            SourceState::Inline(_) => None,
            SourceState::Watched(watched) => Some(SourceReport::Watched {
                name,
                document: watched
                    .last_view()
                    .map(|policy_view| document(policy_view, sources.contested(id))),
                age: watched.confirmed().map(|confirmed| now.since(confirmed)),
                is_usable: watched.usable_view().is_some(),
            }),
            SourceState::OnDemand(source) => {
                let machine = &source.borrow().machine;
                Some(SourceReport::OnDemand {
                    name,
                    remembered: RememberedReport {
                        documents: machine.documents(),
                        lacks: machine.negative_entries(),
                        in_flight: machine.in_flight(),
                    },
                })
            }
        }
    };
    sources.iter().filter_map(one).collect()
}

fn document(policy_view: &PolicyView, contested: usize) -> DocumentReport {
    DocumentReport {
        hash: policy_view.view.hash,
        bytes: policy_view.view.bytes,
        consumers: policy_view.consumers().saturating_sub(contested),
        keys: policy_view.view.keys.as_ref().map(|set| set.keys().len()),
    }
}
