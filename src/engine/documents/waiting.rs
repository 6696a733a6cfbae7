//! Exchanges that wait.

use std::borrow::Borrow;
use std::cell::{Cell, RefCell};
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

/// A waiting exchange. The flights and sources hold it weakly: dropping the exchange ends the waiting.
#[derive(Debug)]
pub(in crate::engine) struct Waiter {
    pub(in crate::engine) id: ExchangeId,
    /// The engine that decides it.
    engine: EngineId,
    /// The results of the flights that it waits for.
    pub(in crate::engine) results: RefCell<Vec<FlightResult>>,
    /// The last deadline of its callouts; `None` if it waits for first documents only.
    deadline: Option<Timestamp>,
    /// Whether the time of a callout is over.
    is_overdue: Cell<bool>,
    /// How many of the things that it waits for are still to come.
    awaited: Cell<usize>,
    /// Counts it among the exchanges that wait in this VM.
    _permit: WaitPermit,
}

impl Waiter {
    pub(in crate::engine) fn new(
        id: ExchangeId,
        engine: EngineId,
        deadline: Option<Timestamp>,
        permit: WaitPermit,
    ) -> Self {
        Self {
            id,
            engine,
            results: RefCell::default(),
            deadline,
            is_overdue: Cell::default(),
            awaited: Cell::default(),
            _permit: permit,
        }
    }

    /// Whether a callout was not answered in time.
    pub(in crate::engine) fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_overdue.get() || self.deadline.is_some_and(|deadline| now >= deadline)
    }

    /// Its id if one of the things that it waits for has come, or won't come, and that was the last one. So an exchange that waits
    /// for several things is woken once, and what it does next doesn't depend on the order in which they come.
    fn woken(&self) -> Option<ExchangeId> {
        let left = self.awaited.get().saturating_sub(1);
        self.awaited.set(left);
        (left == 0).then_some(self.id)
    }
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
pub(in crate::engine) struct EntryKey(Rc<[u8]>);

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

/// Exchanges that wait for one flight or document, each until a deadline. An exchange that was dropped (its client left) does not
/// count.
#[derive(Debug, Default)]
pub(in crate::engine) struct Waiters(Vec<(Weak<Waiter>, Timestamp)>);

/// How many may wait for one flight or document; any further request is answered as if that had failed.
const MAX_WAITERS: usize = 4096;

impl Waiters {
    /// Whether one more may wait.
    pub(in crate::engine) fn has_room(&mut self) -> bool {
        if self.0.len() >= MAX_WAITERS {
            self.0.retain(|(waiter, _)| waiter.strong_count() > 0);
        }
        self.0.len() < MAX_WAITERS
    }

    pub(in crate::engine) fn push(&mut self, waiter: &Rc<Waiter>, deadline: Timestamp) {
        let awaited = waiter.awaited.get().saturating_add(1);
        waiter.awaited.set(awaited);
        self.0.push((Rc::downgrade(waiter), deadline));
    }

    /// Removes all, and tells each that still waits. Returns those that wait for nothing else.
    pub(in crate::engine) fn take(&mut self, tell: &dyn Fn(&Waiter)) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        for waiter in std::mem::take(&mut self.0)
            .iter()
            .filter_map(|(waiter, _)| waiter.upgrade())
        {
            tell(&waiter);
            woken.extend(waiter.woken());
        }
        woken
    }

    /// Removes those of one engine, and returns those of them that wait for nothing else. Another engine first has to take the
    /// document itself: if its exchanges were woken before, they would wait again, and the number of waits is limited.
    pub(in crate::engine) fn take_of(&mut self, engine: EngineId) -> Vec<ExchangeId> {
        self.take_where(&|waiter, _| waiter.engine == engine)
    }

    /// Removes those with a deadline that has passed, and returns those of them that wait for nothing else. Removes those that were
    /// dropped.
    pub(in crate::engine) fn take_overdue(&mut self, now: Timestamp) -> Vec<ExchangeId> {
        self.take_where(&|_, deadline| deadline <= now)
    }

    /// The same where they wait for a callout: they won't wait for another one.
    pub(in crate::engine) fn take_unanswered(&mut self, now: Timestamp) -> Vec<ExchangeId> {
        self.take_where(&|waiter, deadline| {
            let is_over = deadline <= now;
            if is_over {
                waiter.is_overdue.set(true);
            }
            is_over
        })
    }

    fn take_where(&mut self, is_meant: &dyn Fn(&Waiter, Timestamp) -> bool) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        self.0.retain(|(waiter, deadline)| match waiter.upgrade() {
            Some(waiter) if is_meant(&waiter, *deadline) => {
                woken.extend(waiter.woken());
                false
            }
            Some(_) => true,
            None => false,
        });
        woken
    }
}
