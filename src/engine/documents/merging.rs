//! Documents that are made of others.

use crate::policy::{MergedPart, Policy};
use crate::source::{Budget, NoMap, SourceError};
use crate::time::Timestamp;

use super::machine::Machine;
use super::merged::PartState;
use super::sources::{SourceState, Sources};
use super::store::Store;
use super::update::make_merged;
use crate::engine::event::{Event, Observer};

impl Sources {
    /// Begins to make the documents whose parts have changed.
    pub(super) fn begin_merges(
        &self,
        policy: &Policy,
        now: Timestamp,
        observer: &mut dyn Observer,
    ) {
        for (id, state) in self.iter() {
            let (SourceState::Watched(watched), Some(parts)) = (state, policy.sources.parts(id))
            else {
                continue;
            };
            let states: Vec<_> = parts
                .iter()
                .map(|part| self.part(*part, policy, now))
                .collect();
            let Machine::Merged(merged) = &mut watched.shared.borrow_mut().machine else {
                continue;
            };
            if let Err(NoMap(at)) = merged.observe(&states, now) {
                let part = parts
                    .get(at)
                    .map_or("", |part| policy.sources.name(part.source));
                let error = SourceError::Unusable(format!("its part `{part}` is no map"));
                observer.event(&Event::SourceFailed {
                    source: policy.sources.name(id),
                    id,
                    error: &error,
                });
            }
        }
    }

    /// What is known of a part. All engines that share the merged document see the same: they use the document that the VM has, and
    /// the same `staleFor`.
    fn part(&self, part: MergedPart, policy: &Policy, now: Timestamp) -> PartState {
        let is_optional = part.is_optional;
        match self.at(part.source) {
            Some(SourceState::Watched(watched)) => {
                let shared = watched.shared.borrow();
                let stale_for = policy.sources.stale_for(part.source).unwrap_or_default();
                let view = shared.view.as_ref();
                let view = view.filter(|_| shared.is_usable(stale_for, now));
                PartState {
                    document: view.and_then(|view| view.document.clone()),
                    confirmed: shared.machine.last_good().map(|(_, confirmed)| confirmed),
                    is_optional,
                    is_awaited: matches!(&shared.machine, Machine::Fetched(own) if !own.has_failed()),
                }
            }
            Some(SourceState::Inline(policy_view)) => PartState {
                document: policy_view.view.document.clone(),
                confirmed: None,
                is_optional,
                is_awaited: false,
            },
            Some(SourceState::OnDemand(_)) | None => PartState {
                document: None,
                confirmed: None,
                is_optional,
                is_awaited: false,
            },
        }
    }

    /// Makes documents of parts that have just changed, within the budget.
    pub(super) fn merge_on(
        &self,
        policy: &Policy,
        store: &Store,
        slice: &mut Budget,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) {
        self.begin_merges(policy, now, observer);
        for (id, state) in self.iter() {
            let SourceState::Watched(watched) = state else {
                continue;
            };
            make_merged(
                id,
                &mut watched.shared.borrow_mut(),
                policy,
                store,
                slice,
                (now, observer),
            );
        }
        // What was made has the parts of now, or its next version begins.
        self.begin_merges(policy, now, observer);
    }

    /// The same at once where all parts are in the policy, and with one slice for the others.
    pub(super) fn merge_first(
        &self,
        policy: &Policy,
        store: &Store,
        (now, observer): (Timestamp, &mut dyn Observer),
    ) {
        self.begin_merges(policy, now, observer);
        let is_inline =
            |part: &MergedPart| matches!(self.at(part.source), Some(SourceState::Inline(_)));
        for (id, state) in self.iter() {
            let (SourceState::Watched(watched), Some(parts)) = (state, policy.sources.parts(id))
            else {
                continue;
            };
            if parts.iter().all(is_inline) {
                let all = &mut Budget::unlimited();
                make_merged(
                    id,
                    &mut watched.shared.borrow_mut(),
                    policy,
                    store,
                    all,
                    (now, observer),
                );
            }
        }
        self.merge_on(policy, store, &mut Budget::slice(), (now, observer));
    }
}
