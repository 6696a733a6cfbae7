//! What is done about a document that has come.

use std::rc::Rc;

use crate::policy::{Policy, SourceId};
use crate::source::{Budget, Progress, SourceError};

use super::event::Event;
use super::reader::Reader;
use super::reading::Reading;
use super::store::{InHand, Store, WatchedSource};
use super::world::World;

/// One turn at the documents of one source. Any engine that has the source may take it.
pub(super) struct Uptake<'u, 'w> {
    pub(super) id: SourceId,
    pub(super) policy: &'u Policy,
    pub(super) store: &'u Store,
    pub(super) world: &'u mut World<'w>,
    /// What may still be done in this turn.
    pub(super) slice: &'u mut Budget,
}

impl Uptake<'_, '_> {
    /// Looks on at what has come, as far as this turn goes.
    pub(super) fn go_on(&mut self, source: &mut WatchedSource) {
        if source.machine.arrived().is_some() {
            let (now, board) = (self.world.now, &mut *self.world.board);
            match source.machine.advance(self.slice, now, board) {
                Progress::New(candidate) => {
                    let (hash, bytes) = (candidate.hash(), candidate.text().len());
                    let reading = Reading::of_text(hash, bytes, self.policy, self.id);
                    source.in_hand = Some(InHand { candidate, reading });
                }
                Progress::Failed(error) => self.failed(&error),
                Progress::Idle | Progress::Pending | Progress::Unchanged => {}
            }
        }
        if let Some(in_hand) = source.in_hand.take() {
            self.read_on(in_hand, source);
        }
    }

    /// Reads on. A new document becomes the last good one if it can be used.
    fn read_on(&mut self, mut in_hand: InHand, source: &mut WatchedSource) {
        let text = in_hand.candidate.text();
        let reader = &mut Reader {
            policy: self.policy,
            id: self.id,
            last: source.view.as_deref(),
            observer: self.world.observer,
        };
        let read = in_hand.reading.advance(text, reader, self.slice);
        let InHand { candidate, reading } = in_hand;
        let (now, board) = (self.world.now, &mut *self.world.board);
        match read {
            Ok(None) => source.in_hand = Some(InHand { candidate, reading }),
            Ok(Some(view)) => {
                let before = source.view.replace(Rc::new(view));
                source.machine.accept(candidate, now, board);
                if let Some(before) = before {
                    self.store.0.borrow_mut().retired.view(before);
                }
            }
            Err(error) => {
                let values = reading.into_values();
                self.store.0.borrow_mut().retired.values(values);
                source.machine.reject(&candidate, error.clone(), now, board);
                self.failed(&error);
            }
        }
    }

    /// Tells that nothing came of it.
    pub(super) fn failed(&mut self, error: &SourceError) {
        self.world.observer.event(&Event::SourceFailed {
            source: self.policy.sources.name(self.id),
            id: self.id,
            error,
        });
    }
}
