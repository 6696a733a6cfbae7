//! The update of a document: its bytes are hashed, read and taken into use.

use std::rc::Rc;

use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Progress, SourceError};
use crate::time::Timestamp;

use super::call_inputs::CallInputs;
use super::machine::Machine;
use super::merged::Work;
use super::store::{PendingDocument, Store, WatchedSource};
use super::view::ViewBuilder;
use super::view::ViewInputs;
use crate::engine::event::{Event, Observer};

/// One turn at the document of one source. Any engine that uses the source may take it.
pub(in crate::engine) struct DocumentUpdate<'u, 'w> {
    pub(in crate::engine) id: SourceId,
    pub(in crate::engine) policy: &'u Policy,
    pub(in crate::engine) store: &'u Store,
    pub(in crate::engine) call: &'u mut CallInputs<'w>,
    /// What this turn may still spend.
    pub(in crate::engine) slice: &'u mut Budget,
}

impl DocumentUpdate<'_, '_> {
    /// Continues with the bytes that have arrived, within this turn.
    pub(in crate::engine) fn go_on(&mut self, source: &mut WatchedSource) {
        let machine = match &mut source.machine {
            Machine::Fetched(watched) => watched,
            Machine::Merged(_) => {
                let (id, policy, store) = (self.id, self.policy, self.store);
                let (now, slice) = (self.call.now, &mut *self.slice);
                return make_merged(id, source, policy, store, slice, (now, self.call.observer));
            }
        };
        if machine.arrived().is_some() {
            let (now, shared_data) = (self.call.now, &mut *self.call.shared_data);
            match machine.advance(self.slice, now, shared_data) {
                Progress::New(candidate) => {
                    let (hash, bytes) = (candidate.hash(), candidate.text().len());
                    let reading = ViewBuilder::of_text(hash, bytes, self.policy, self.id);
                    source.pending = Some(PendingDocument { candidate, reading });
                }
                Progress::Failed(error) => self.failed(&error),
                Progress::Idle | Progress::Pending | Progress::Unchanged => {}
            }
        }
        if let Some(pending) = source.pending.take() {
            self.read_on(pending, source);
        }
    }

    /// Continues to read. A new document becomes the last good one if it can be used.
    fn read_on(&mut self, mut pending: PendingDocument, source: &mut WatchedSource) {
        let text = pending.candidate.text();
        let inputs = &mut ViewInputs {
            policy: self.policy,
            id: self.id,
            last: source.view.as_deref(),
            observer: self.call.observer,
        };
        let read = pending.reading.advance(text, inputs, self.slice);
        let PendingDocument { candidate, reading } = pending;
        let (now, shared_data) = (self.call.now, &mut *self.call.shared_data);
        match read {
            Ok(None) => source.pending = Some(PendingDocument { candidate, reading }),
            Ok(Some(view)) => {
                let before = source.view.replace(Rc::new(view));
                if candidate.is_older() {
                    self.call.observer.event(&Event::SourceWentBack {
                        source: self.policy.sources.name(self.id),
                        id: self.id,
                    });
                }
                if let Some(watched) = source.machine.watched() {
                    watched.accept(candidate, now, shared_data);
                }
                if let Some(before) = before {
                    self.store.0.borrow_mut().pending_drops.view(before);
                }
            }
            Err(error) => {
                let values = reading.into_values();
                self.store.0.borrow_mut().pending_drops.values(values);
                if let Some(watched) = source.machine.watched() {
                    watched.reject(&candidate, error.clone(), now, shared_data);
                }
                self.failed(&error);
            }
        }
    }

    /// Reports a failure.
    pub(in crate::engine) fn failed(&mut self, error: &SourceError) {
        self.call.observer.event(&Event::SourceFailed {
            source: self.policy.sources.name(self.id),
            id: self.id,
            error,
        });
    }
}

/// Continues to make a document of others. A new one becomes the last good one if it can be used.
pub(super) fn make_merged(
    id: SourceId,
    source: &mut WatchedSource,
    policy: &Policy,
    store: &Store,
    slice: &mut Budget,
    (now, observer): (Timestamp, &mut dyn Observer),
) {
    let Machine::Merged(merged) = &mut source.machine else {
        return;
    };
    let Some((parts, mut work)) = merged.take_work() else {
        return;
    };
    let drops = |values| store.0.borrow_mut().pending_drops.values(values);
    if let Work::Merging(merging) = &mut work {
        if let Some((document, replaced)) = merging.advance(slice) {
            drops(replaced);
            work = Work::Reading(Box::new(ViewBuilder::of_document(&document)));
        }
    }
    let Work::Reading(reading) = &mut work else {
        return merged.keep(parts, work);
    };
    let inputs = &mut ViewInputs {
        policy,
        id,
        last: source.view.as_deref(),
        observer,
    };
    match reading.advance(b"", inputs, slice) {
        Ok(None) => merged.keep(parts, work),
        Ok(Some(view)) => {
            merged.accept(parts, now);
            if let Some(before) = source.view.replace(Rc::new(view)) {
                store.0.borrow_mut().pending_drops.view(before);
            }
        }
        Err(error) => {
            merged.refuse(parts);
            drops(work.into_values());
            observer.event(&Event::SourceFailed {
                source: policy.sources.name(id),
                id,
                error: &error,
            });
        }
    }
}
