//! What sources do on a tick, and with a reply.

use std::cell::RefCell;
use std::rc::Rc;

use crate::http::{Callout, CalloutError, Reply};
use crate::policy::{Policy, SourceId};
use crate::source::{Budget, FetchOutcome, Tick};

use super::{SourceState, Sources};
use crate::engine::documents::CallInputs;
use crate::engine::documents::store::{Store, WatchedSource};
use crate::engine::documents::update::DocumentUpdate;

/// The source that reads first, and what it has spent in this turn.
#[derive(Debug)]
pub(in crate::engine) struct Turn {
    first: SourceId,
    taken: usize,
}

impl Default for Turn {
    fn default() -> Self {
        Self {
            first: SourceId::new(0),
            taken: 0,
        }
    }
}

impl Sources {
    /// Starts due refreshes, takes documents of other VMs, and continues to read within the budget. Returns the callouts
    /// to send, each with its source.
    pub(in crate::engine) fn tick(
        &mut self,
        policy: &Policy,
        store: &Store,
        budget: &mut Budget,
        call: &mut CallInputs<'_>,
    ) -> Vec<(SourceId, Rc<RefCell<WatchedSource>>, Callout)> {
        let mut callouts = Vec::new();
        for (id, state) in SourceId::all().zip(&self.states) {
            let SourceState::Watched(watched) = state else {
                continue;
            };
            let shared = Rc::clone(&watched.shared);
            let tick = match shared.borrow_mut().machine.watched() {
                Some(machine) => machine.tick(call.now, call.shared_data),
                None => Tick::Idle,
            };
            match tick {
                Tick::Idle | Tick::Arrived => {}
                Tick::Fetch(callout) => callouts.push((id, shared, callout)),
            }
        }
        // Old values are dropped before new ones are made: otherwise a VM that always has something to read would keep
        // them all.
        let mut old = budget.half();
        store.0.borrow_mut().pending_drops.advance(&mut old);
        budget.join(&old);
        let mut new = budget.half();
        self.catch_up(policy, store, &mut new, (call.now, call.observer));
        budget.join(&new);
        self.read_on(policy, store, budget, call);
        self.merge_on(policy, store, budget, (call.now, call.observer));
        self.catch_up(policy, store, budget, (call.now, call.observer));
        self.compare_lists(policy, call.observer, budget);
        callouts
    }

    /// Continues to read all documents that have arrived, one source after the other. A source that took two slices
    /// yields its turn: so a large document delays no other for long, and small ones are read to their ends.
    fn read_on(
        &mut self,
        policy: &Policy,
        store: &Store,
        slice: &mut Budget,
        call: &mut CallInputs<'_>,
    ) {
        let first = self.turn.first.index().min(self.states.len());
        let (before, from) = self.states.split_at(first);
        let ids = SourceId::all();
        let ids = ids.skip(first).take(from.len()).chain(SourceId::all());
        for (id, state) in ids.zip(from.iter().chain(before)) {
            let SourceState::Watched(watched) = state else {
                continue;
            };
            let mut source = watched.shared.borrow_mut();
            if !source.is_reading() {
                continue;
            }
            if self.turn.first != id {
                self.turn = Turn {
                    first: id,
                    taken: 0,
                };
            }
            if slice.is_spent() {
                return;
            }
            let before = slice.spent();
            let mut update = DocumentUpdate {
                id,
                policy,
                store,
                call,
                slice,
            };
            update.go_on(&mut source);
            let taken = slice.spent().saturating_sub(before);
            self.turn.taken = self.turn.taken.saturating_add(taken);
            if slice.is_spent() && source.is_reading() {
                if Budget::is_within_turn(self.turn.taken) {
                    return;
                }
                self.turn = Turn {
                    first: id.next(),
                    taken: 0,
                };
            }
        }
    }

    /// Takes the reply to a callout of `shared`. Returns the next callout, if the document takes one more.
    pub(in crate::engine) fn fetched(
        &mut self,
        shared: &Rc<RefCell<WatchedSource>>,
        reply: Result<Reply, CalloutError>,
        policy: &Policy,
        store: &Store,
        call: &mut CallInputs<'_>,
    ) -> Option<(SourceId, Callout)> {
        let mut slice = store.0.borrow_mut().shared_budget.take();
        let mut source = shared.borrow_mut();
        let outcome = match source.machine.watched() {
            Some(machine) => machine.fetched(call.now, call.shared_data, reply),
            None => FetchOutcome::Ignored,
        };
        let mut next = None;
        if let Some(id) = self.id_of(shared) {
            let mut update = DocumentUpdate {
                id,
                policy,
                store,
                call,
                slice: &mut slice,
            };
            match outcome {
                FetchOutcome::Arrived => update.go_on(&mut source),
                FetchOutcome::Failed(error) => update.failed(&error),
                FetchOutcome::Send(callout) => next = Some((id, callout)),
                FetchOutcome::Unchanged | FetchOutcome::Ignored => {}
            }
        }
        drop(source);
        self.merge_on(policy, store, &mut slice, (call.now, call.observer));
        self.catch_up(policy, store, &mut slice, (call.now, call.observer));
        self.compare_lists(policy, call.observer, &mut slice);
        store.0.borrow_mut().shared_budget.give_back(slice);
        next
    }
}
