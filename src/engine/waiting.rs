//! Who waits for what.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use crate::source::{Identity, Settled};
use crate::time::Timestamp;

/// Names one waiting exchange, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub(super) u64);

/// Names one callout under way, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// Names an engine within its VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EngineId(pub(super) u64);

/// Where a waiting exchange is reached. What it waits for knows it weakly: dropping the exchange ends the waiting.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: ExchangeId,
    /// Whose policy decides it.
    pub(super) engine: EngineId,
    pub(super) deadline: Timestamp,
    pub(super) mail: RefCell<Vec<Mail>>,
    /// Its place among those that wait in this VM.
    pub(super) _place: Place,
}

/// All places of the exchanges that wait in one VM, and one of them: each holds a copy of its request's headers.
#[derive(Clone, Debug, Default)]
pub(super) struct Place(Rc<()>);

/// How many exchanges may wait in one VM. With Envoy's own limit of 60 KiB of headers that is one of its four GiB.
const MAX_WAITING: usize = 16_384;

impl Place {
    /// Whether one more may be taken.
    pub(super) fn is_free(&self) -> bool {
        // One is the store's own.
        Rc::strong_count(&self.0) <= MAX_WAITING
    }
}

/// What an exchange remembers from before it waited.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What the flights that it waited for brought.
    pub(super) answers: Vec<Mail>,
    /// When it began to wait.
    pub(super) since: Option<Timestamp>,
    /// How often it has waited.
    pub(super) waits: u8,
    /// Whether it has waited until a deadline: it waits no more.
    pub(super) overdue: bool,
    /// Whether the verdicts of its providers were told.
    pub(super) has_told_verdicts: Cell<bool>,
}

/// What came of a flight, for an exchange that waited for it.
#[derive(Clone, Debug)]
pub(super) struct Mail {
    pub(super) source: Identity,
    pub(super) key: Box<[u8]>,
    pub(super) settled: Settled,
}

/// Exchanges that wait for one thing. One that is gone (its client left) counts no more.
#[derive(Debug, Default)]
pub(super) struct Waiters(Vec<Weak<Slot>>);

/// How many may wait for one thing; above it a request is answered as if the thing had failed.
const MAX_WAITERS: usize = 4096;

impl Waiters {
    /// Whether one more may wait.
    pub(super) fn has_room(&mut self) -> bool {
        if self.0.len() >= MAX_WAITERS {
            self.0.retain(|slot| slot.strong_count() > 0);
        }
        self.0.len() < MAX_WAITERS
    }

    pub(super) fn push(&mut self, slot: &Rc<Slot>) {
        self.0.push(Rc::downgrade(slot));
    }

    /// Takes all of them, those that still wait.
    pub(super) fn take(&mut self) -> Vec<Rc<Slot>> {
        std::mem::take(&mut self.0)
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Takes those of one engine. Another has to look at what came itself first: woken before it did, its exchanges would
    /// only wait again, and nobody waits without end.
    pub(super) fn take_of(&mut self, engine: EngineId) -> Vec<ExchangeId> {
        let mut own = Vec::new();
        self.0.retain(|slot| match slot.upgrade() {
            Some(slot) if slot.engine == engine => {
                own.push(slot.id);
                false
            }
            Some(_) => true,
            None => false,
        });
        own
    }

    /// Takes those whose deadline has passed; forgets those that are gone.
    pub(super) fn take_overdue(&mut self, now: Timestamp) -> Vec<ExchangeId> {
        let mut overdue = Vec::new();
        self.0.retain(|slot| match slot.upgrade() {
            Some(slot) if slot.deadline > now => true,
            Some(slot) => {
                overdue.push(slot.id);
                false
            }
            None => false,
        });
        overdue
    }
}
