//! Who waits for what.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use crate::source::{DefinitionHash, ReadResult};
use crate::time::Timestamp;

/// Names one waiting exchange, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub(in crate::engine) u64);

/// The exchanges that may go on: the driver resumes each one that it still holds, whichever engine it belongs to.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Woken(pub Vec<ExchangeId>);

/// Names one callout under way, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(in crate::engine) u64);

/// Names an engine within its VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct EngineId(pub(in crate::engine) u64);

/// Where a waiting exchange is reached. What it waits for knows it weakly: dropping the exchange ends the waiting.
#[derive(Debug)]
pub(in crate::engine) struct Waiter {
    pub(in crate::engine) id: ExchangeId,
    /// Whose policy decides it.
    pub(in crate::engine) engine: EngineId,
    pub(in crate::engine) deadline: Timestamp,
    pub(in crate::engine) results: RefCell<Vec<FlightResult>>,
    /// Its place among those that wait in this VM.
    pub(in crate::engine) _permit: WaitPermit,
}

/// All places of the exchanges that wait in one VM, and one of them: each holds a copy of its request's headers.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct WaitPermit(Rc<()>);

/// How many exchanges may wait in one VM. With Envoy's own limit of 60 KiB of headers that is one of its four GiB.
const MAX_WAITING: usize = 16_384;

impl WaitPermit {
    /// Whether one more may be taken.
    pub(in crate::engine) fn is_free(&self) -> bool {
        // One is the store's own.
        Rc::strong_count(&self.0) <= MAX_WAITING
    }
}

/// What came of a flight, for an exchange that waited for it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct FlightResult {
    pub(in crate::engine) source: DefinitionHash,
    pub(in crate::engine) key: Box<[u8]>,
    pub(in crate::engine) result: ReadResult,
}

/// Exchanges that wait for one thing. One that is gone (its client left) counts no more.
#[derive(Debug, Default)]
pub(in crate::engine) struct Waiters(Vec<Weak<Waiter>>);

/// How many may wait for one thing; above it a request is answered as if the thing had failed.
const MAX_WAITERS: usize = 4096;

impl Waiters {
    /// Whether one more may wait.
    pub(in crate::engine) fn has_room(&mut self) -> bool {
        if self.0.len() >= MAX_WAITERS {
            self.0.retain(|waiter| waiter.strong_count() > 0);
        }
        self.0.len() < MAX_WAITERS
    }

    pub(in crate::engine) fn push(&mut self, waiter: &Rc<Waiter>) {
        self.0.push(Rc::downgrade(waiter));
    }

    /// Takes all of them, those that still wait.
    pub(in crate::engine) fn take(&mut self) -> Vec<Rc<Waiter>> {
        std::mem::take(&mut self.0)
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Takes those of one engine. Another has to look at what came itself first: woken before it did, its exchanges would
    /// only wait again, and nobody waits without end.
    pub(in crate::engine) fn take_of(&mut self, engine: EngineId) -> Vec<ExchangeId> {
        let mut own = Vec::new();
        self.0.retain(|waiter| match waiter.upgrade() {
            Some(waiter) if waiter.engine == engine => {
                own.push(waiter.id);
                false
            }
            Some(_) => true,
            None => false,
        });
        own
    }

    /// Takes those whose deadline has passed; forgets those that are gone.
    pub(in crate::engine) fn take_overdue(&mut self, now: Timestamp) -> Vec<ExchangeId> {
        let mut overdue = Vec::new();
        self.0.retain(|waiter| match waiter.upgrade() {
            Some(waiter) if waiter.deadline > now => true,
            Some(waiter) => {
                overdue.push(waiter.id);
                false
            }
            None => false,
        });
        overdue
    }
}
