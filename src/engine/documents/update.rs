//! The update of a document: its bytes are hashed, read and taken into use.

use std::rc::Rc;

use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Progress, SourceError};

use super::call_inputs::CallInputs;
use super::store::{PendingDocument, Store, WatchedSource};
use super::view::ViewBuilder;
use super::view::ViewInputs;
use crate::engine::event::Event;

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
        if source.machine.arrived().is_some() {
            let (now, shared_data) = (self.call.now, &mut *self.call.shared_data);
            match source.machine.advance(self.slice, now, shared_data) {
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
                source.machine.accept(candidate, now, shared_data);
                if let Some(before) = before {
                    self.store.0.borrow_mut().pending_drops.view(before);
                }
            }
            Err(error) => {
                let values = reading.into_values();
                self.store.0.borrow_mut().pending_drops.values(values);
                source
                    .machine
                    .reject(&candidate, error.clone(), now, shared_data);
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
