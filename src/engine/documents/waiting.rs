//! Exchanges that wait.

use std::borrow::Borrow;
use std::cell::RefCell;
use std::fmt;
use std::ops::Deref;
use std::rc::{Rc, Weak};

use crate::source::{DefinitionHash, ReadResult};
use crate::time::Timestamp;

/// Names one waiting exchange, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub(in crate::engine) u64);

/// The exchanges that may continue. The driver resumes each one that it still holds, for all engines of the VM.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Woken(pub Vec<ExchangeId>);

/// Names one callout under way, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(in crate::engine) u64);

/// Names an engine within its VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct EngineId(pub(in crate::engine) u64);

/// A waiting exchange. The flight or source holds it weakly: dropping the exchange ends the waiting.
#[derive(Debug)]
pub(in crate::engine) struct Waiter {
    pub(in crate::engine) id: ExchangeId,
    /// The engine that decides it.
    pub(in crate::engine) engine: EngineId,
    pub(in crate::engine) deadline: Timestamp,
    pub(in crate::engine) results: RefCell<Vec<FlightResult>>,
    /// Counts it among the exchanges that wait in this VM.
    pub(in crate::engine) _permit: WaitPermit,
}

/// Counts the exchanges that wait in one VM, because each holds a copy of its request's headers: the store has one
/// permit, and each waiting exchange has a clone.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct WaitPermit(Rc<()>);

/// How many exchanges may wait in one VM. With Envoy's limit of 60 KiB of headers they take one GiB of the four that a
/// VM may have.
const MAX_WAITING: usize = 16_384;

impl WaitPermit {
    /// Whether one more exchange may wait.
    pub(in crate::engine) fn is_free(&self) -> bool {
        // One is that of the store.
        Rc::strong_count(&self.0) <= MAX_WAITING
    }
}

/// The key of an entry of a source on demand. `Debug` doesn't show it: it may be a token.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(in crate::engine) struct EntryKey(Box<[u8]>);

impl From<&[u8]> for EntryKey {
    fn from(key: &[u8]) -> Self {
        Self(key.into())
    }
}

impl Deref for EntryKey {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

/// `Hash` and `Eq` are those of the bytes.
impl Borrow<[u8]> for EntryKey {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for EntryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EntryKey(…)")
    }
}

/// The result of a flight, for an exchange that waited for it.
#[derive(Clone, Debug)]
pub(in crate::engine) struct FlightResult {
    pub(in crate::engine) source: DefinitionHash,
    pub(in crate::engine) key: EntryKey,
    pub(in crate::engine) result: ReadResult,
}

/// Exchanges that wait for one flight or document. An exchange that was dropped (its client left) does not count.
#[derive(Debug, Default)]
pub(in crate::engine) struct Waiters(Vec<Weak<Waiter>>);

/// How many may wait for one flight or document; any further request is answered as if that had failed.
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

    /// Removes all and returns those that still wait.
    pub(in crate::engine) fn take(&mut self) -> Vec<Rc<Waiter>> {
        std::mem::take(&mut self.0)
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Removes and returns those of one engine. Another engine first has to take the document itself: if its exchanges
    /// were woken before, they would wait again, and the number of waits is limited.
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

    /// Removes and returns those with a deadline that has passed; removes those that were dropped.
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
