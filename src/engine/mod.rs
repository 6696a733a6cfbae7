//! The engine: the stages of a request, by one policy, with documents and waiting exchanges.
//!
//! An [`Engine`] answers requests by one policy. [`start`](Engine::start) takes a request through the stages of
//! `decision.rs` and returns a [`Step`]. The driver performs the step. Documents and waiting exchanges are kept in the VM's
//! [`Store`].

mod decision;
mod documents;
mod event;
mod exchange;
mod explain;
mod facts;
#[cfg(test)]
mod introspected_tokens;
mod memory;
#[cfg(test)]
mod remembered_answers;
#[cfg(test)]
mod remembered_verdicts;
#[cfg(test)]
mod shared_key_sets;
#[cfg(test)]
mod steered_by_claims;
mod step;
mod tokens;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Property;
use crate::http::{Callout, Edits, HeaderMap, Reply, Request};
use crate::policy::{Policy, SourceId};
use crate::source::SharedData;
use crate::time::Timestamp;

use decision::Decision;
use documents::{CallInputs, EngineId, Purpose, SourceState, Sources, Waiter, WatchedSource};
use exchange::{Awaited, Exchange, Wait};
use memory::Memory;
use tokens::TokenMemory;

pub use crate::crypto::{HostKey, HostVerifier, SignatureCheck};
pub use documents::{ExchangeId, FlightId, Store, Woken};
pub use event::{
    ConsumerName, Detail, DrawDetail, EntryOrigin, EntryStatus, Event, Observer, Outcome, Recall,
    RouteName, VerdictDetail, VerdictKind,
};
pub use explain::asked::Asked;
pub use explain::held::{FlagReport, HeldDocument, IndexReport, ListReport};
pub use explain::report::{DocumentReport, RememberedReport, SourceReport};
pub use step::{Step, Suspended, Waiting};

/// The period of ticks of an engine with sources. Deadlines and the documents of other VMs are noticed at most this late.
const TICK_PERIOD: Duration = Duration::from_millis(100);

/// The period of ticks while a document is being read. The worker serves requests between two slices.
const READING_PERIOD: Duration = Duration::from_millis(1);

/// Inputs from the driver. The engine asks for them only if a route needs them.
pub trait Inputs: HostVerifier {
    /// The current time.
    fn now(&mut self) -> Timestamp;

    /// A random number, all bits of it: another one at each call, and another sequence in each VM.
    fn random(&mut self) -> u64;

    /// What the host knows of the request that is decided. `None`, the default, where it knows nothing.
    fn property(&mut self, _property: HostProperty) -> Option<Vec<u8>> {
        None
    }
}

/// What a host may know of a request besides its head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostProperty {
    /// The client's address with its port, as Envoy writes it: `192.0.2.1:40000`, `[2001:db8::1]:40000`. Which address that is
    /// behind a proxy, is decided by Envoy (`use_remote_address`, `xff_num_trusted_hops`).
    SourceAddress,
}

/// Answers requests by one policy. A driver has one for each root context; several may share a [`Store`].
///
/// An engine stays on the thread that made it. A driver with several threads shares the [`Policy`] and makes an engine and a
/// store on each.
#[derive(Debug)]
pub struct Engine {
    id: EngineId,
    policy: Arc<Policy>,
    store: Store,
    sources: Sources,
    outbox: Vec<(FlightId, Callout)>,
    tokens: TokenMemory,
    /// Replies that are read on the next ticks, because the budget was spent when they came.
    inbox: VecDeque<(FlightId, Reply)>,
}

impl Engine {
    /// An engine for `policy` that uses `store`, with the documents that are in it already.
    #[must_use]
    pub fn new(policy: Arc<Policy>, store: &Store, observer: &mut dyn Observer) -> Self {
        let id = store.new_engine();
        let sources = Sources::new(id, &policy, store, observer);
        Self {
            id,
            policy,
            store: store.clone(),
            sources,
            outbox: Vec::new(),
            tokens: TokenMemory::default(),
            inbox: VecDeque::new(),
        }
    }

    /// How often [`tick`](Engine::tick) is to be called; `None` if the policy needs no ticks. The period changes: ask after every
    /// [`reply`](Engine::reply) and [`tick`](Engine::tick).
    #[must_use]
    pub fn tick_period(&self) -> Option<Duration> {
        if self.is_reading() || !self.store.0.borrow().pending_drops.is_empty() {
            return Some(READING_PERIOD);
        }
        self.sources.need_ticks().then_some(TICK_PERIOD)
    }

    /// Whether a document is not read to its end, or not compared with the others. Each [`tick`](Engine::tick) continues this
    /// work.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        !self.inbox.is_empty() || self.sources.are_reading()
    }

    /// Decides one request. The driver performs the returned step. If the request continues, the driver also performs `edits`.
    /// Clears `edits` first.
    pub fn start(
        &mut self,
        request: &Request<'_>,
        edits: &mut Edits,
        inputs: &mut dyn Inputs,
        observer: &mut (impl Observer + ?Sized),
    ) -> Step {
        self.proceed(request, Memory::default(), edits, inputs, observer)
    }

    /// The callouts to send now, in the context of this engine's root. Call it after every call of
    /// [`start`](Engine::start), [`Suspended::resume`], [`reply`](Engine::reply) and [`tick`](Engine::tick). If a
    /// callout cannot be sent, pass a [`CalloutError`](crate::http::CalloutError) to `reply` at once.
    pub fn callouts(&mut self) -> Vec<(FlightId, Callout)> {
        if self.outbox.is_empty() {
            return Vec::new();
        }
        std::mem::take(&mut self.outbox)
    }

    /// Starts due refreshes, takes documents of other VMs, and ends waits whose deadline has passed.
    pub fn tick(
        &mut self,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
        observer: &mut dyn Observer,
    ) -> Woken {
        self.store.note(now);
        let is_reading = self.is_reading();
        let mut budget = self.store.tick_budget(self.id, is_reading);
        let mut half = budget.half();
        let woken = self.empty_inbox(&mut half, now, shared_data, observer);
        budget.join(&half);
        let mut call = CallInputs {
            now,
            shared_data,
            observer,
        };
        let (policy, store) = (&self.policy, &self.store);
        let callouts = self.sources.tick(policy, store, &mut budget, &mut call);
        store.0.borrow_mut().shared_budget.give_back(budget);
        for (id, source, callout) in callouts {
            self.fetch(id, source, callout, call.observer);
        }
        let mut woken = woken.0;
        woken.extend(self.sources.wake(self.id, now));
        let mut inner = self.store.0.borrow_mut();
        for flight in inner.flights.values_mut() {
            woken.extend(flight.waiters.take_unanswered(now));
        }
        Woken(woken)
    }

    /// Sends a callout for the document of a watched source.
    fn fetch(
        &mut self,
        id: SourceId,
        source: Rc<RefCell<WatchedSource>>,
        callout: Callout,
        observer: &mut dyn Observer,
    ) {
        observer.event(&Event::SourceFetched {
            source: self.policy.sources.name(id),
            id,
        });
        let purpose = Purpose::Watched(source);
        let flight = self.store.start_flight(self.id, purpose, callout.timeout);
        self.outbox.push((flight, callout));
    }

    /// The state of the engine's sources, without inline sources.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> Vec<SourceReport<'_>> {
        explain::report::report(&self.sources, &self.policy, now)
    }

    /// What the access log shows, by the policy.
    #[must_use]
    pub fn log_properties(&self) -> &[Property] {
        &self.policy.log_properties
    }

    /// Ends the engine: its flights are dropped, and its leases are released. Exchanges of other engines that waited for one of
    /// its flights are woken.
    pub fn close(self, now: Timestamp, shared_data: &mut dyn SharedData) -> Woken {
        self.store.0.borrow_mut().shared_budget.forget(self.id);
        let woken = self.store.cancel(self.id, now, shared_data);
        self.sources.close(self.id, &self.store, now, shared_data);
        Woken(woken)
    }

    /// Runs all stages over a request.
    fn proceed(
        &mut self,
        request: &Request<'_>,
        memory: Memory,
        edits: &mut Edits,
        inputs: &mut dyn Inputs,
        observer: &mut (impl Observer + ?Sized),
    ) -> Step {
        edits.clear();
        let mut exchange = Exchange {
            policy: &self.policy,
            sources: &self.sources,
            store: &self.store,
            engine: self.id,
            outbox: &mut self.outbox,
            memory: &memory,
            tokens: &mut self.tokens,
            edits,
            inputs,
            observer,
        };
        match decision::decide(request, &self.policy, &mut exchange) {
            Decision::Step(step) => step,
            Decision::Wait(waits) => self.suspend(request, memory, &waits, inputs),
        }
    }

    /// Makes an exchange wait for all of these.
    #[inline(never)]
    fn suspend(
        &self,
        request: &Request<'_>,
        mut memory: Memory,
        waits: &[Wait],
        inputs: &mut dyn Inputs,
    ) -> Step {
        memory.waits = memory.waits.saturating_add(1);
        let is_refetch = |wait: &Wait| matches!(wait.awaited, Awaited::Refetch(_));
        let begins_refetch = memory.refetching.is_none() && waits.iter().any(is_refetch);
        if memory.since.is_none() || begins_refetch {
            let now = inputs.now();
            memory.since.get_or_insert(now);
            memory.refetching = memory.refetching.or(begins_refetch.then_some(now));
        }
        let is_callout = |wait: &&Wait| !matches!(wait.awaited, Awaited::Document(_));
        let callouts = waits.iter().filter(is_callout);
        let waiter = Rc::new(Waiter::new(
            self.store.new_exchange(),
            self.id,
            callouts.map(|wait| wait.deadline).max(),
            self.store.0.borrow().permits.clone(),
        ));
        for wait in waits {
            self.enlist(*wait, &waiter);
        }
        let deadlines = waits.iter().map(|wait| wait.deadline);
        Step::Wait(Box::new(Waiting {
            suspended: Suspended {
                waiter,
                headers: HeaderMap::copy_of(request.headers()),
                memory,
            },
            deadline: deadlines.max().unwrap_or_default(),
        }))
    }

    fn enlist(&self, Wait { awaited, deadline }: Wait, waiter: &Rc<Waiter>) {
        match awaited {
            Awaited::Flight(id) => {
                if let Some(flight) = self.store.0.borrow_mut().flights.get_mut(&id) {
                    flight.waiters.push(waiter, deadline);
                }
            }
            Awaited::Document(id) => {
                if let Some(SourceState::Watched(watched)) = self.sources.at(id) {
                    watched.shared.borrow_mut().waiters.push(waiter, deadline);
                }
            }
            Awaited::Refetch(id) => {
                if let Some(SourceState::Watched(watched)) = self.sources.at(id) {
                    let mut shared = watched.shared.borrow_mut();
                    shared.refetch_waiters.push(waiter, deadline);
                }
            }
        }
    }
}
