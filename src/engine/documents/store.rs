//! What the engines of one VM share.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::hash::Map;
use crate::source::{
    Budget, Candidate, DefinitionHash, Limits, OnDemand, Protocol, RequestTemplate, Schedule,
    SharedData, Watched,
};
use crate::time::Timestamp;

use super::machine::Machine;
use super::merged::Merged;
use super::pending_drops::PendingDrops;
use super::shared_budget::SharedBudget;
use super::view::View;
use super::view::ViewBuilder;
use super::waiting::{EngineId, EntryKey, ExchangeId, FlightId, WaitPermit, Waiters};

/// What the engines of one VM share: documents, remembered answers and flights, each under a hash of the definition
/// that it was learnt by. So no policy reads what another definition learnt, a new policy finds what has the same
/// definition, and the end of the last user drops it. There is one store for a VM; clones are the same store. It stays
/// on one thread, as its engines do.
#[derive(Clone, Debug)]
pub struct Store(pub(in crate::engine) Rc<RefCell<StoreInner>>);

#[derive(Debug)]
pub(in crate::engine) struct StoreInner {
    vm: u64,
    last_id: u64,
    /// The latest time that an engine was told.
    pub(in crate::engine) now: Timestamp,
    watched: Shared<WatchedSource>,
    on_demand: Shared<OnDemandSource>,
    pub(in crate::engine) flights: Map<FlightId, Flight>,
    /// Counts the exchanges that wait.
    pub(in crate::engine) permits: WaitPermit,
    pub(in crate::engine) pending_drops: PendingDrops,
    /// How much may be read of documents.
    pub(in crate::engine) shared_budget: SharedBudget,
}

/// The sources of a VM that its engines share, as long as an engine uses them. It is searched only when an engine is made,
/// so it is a list: a hash table of its own would cost two kilobytes of the module.
#[derive(Debug)]
struct Shared<S>(Vec<(DefinitionHash, Weak<RefCell<S>>)>);

impl<S> Default for Shared<S> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<S> Shared<S> {
    /// The source of this definition.
    fn find(&self, definition: DefinitionHash) -> Option<Rc<RefCell<S>>> {
        let mut known = self.0.iter().filter(|(own, _)| *own == definition);
        known.find_map(|(_, source)| source.upgrade())
    }

    /// Adds a source, and forgets those that no engine uses any more.
    fn add(&mut self, definition: DefinitionHash, source: &Rc<RefCell<S>>) {
        self.0.retain(|(_, known)| known.strong_count() > 0);
        self.0.push((definition, Rc::downgrade(source)));
    }
}

/// A watched source, or one that is made of others: the view of its document, and the exchanges that wait for one.
#[derive(Debug)]
pub(in crate::engine) struct WatchedSource {
    pub(in crate::engine) machine: Machine,
    /// Of the last good document.
    pub(in crate::engine) view: Option<Rc<View>>,
    pub(in crate::engine) pending: Option<PendingDocument>,
    /// The exchanges that wait for the first document.
    pub(in crate::engine) waiters: Waiters,
    /// The exchanges that wait until the document has been fetched again.
    pub(in crate::engine) refetch_waiters: Waiters,
    /// How each engine that uses it wants it to be asked.
    subscriptions: Vec<Subscription>,
}

/// How one engine wants a source to be asked. Everything else about the source is the same for all engines.
#[derive(Debug)]
struct Subscription {
    of: EngineId,
    protocol: Arc<Protocol>,
    schedule: Schedule,
}

/// A new document that is being read.
#[derive(Debug)]
pub(in crate::engine) struct PendingDocument {
    pub(in crate::engine) candidate: Candidate,
    pub(in crate::engine) reading: ViewBuilder,
}

impl WatchedSource {
    /// Removes an engine that uses it no more.
    pub(in crate::engine) fn leave(&mut self, engine: EngineId) {
        self.subscriptions
            .retain(|subscription| subscription.of != engine);
        self.settle();
    }

    /// Uses the shortest interval and the longest timeout that an engine wants.
    fn settle(&mut self) {
        let subscriptions = self.subscriptions.iter();
        let patient = subscriptions
            .clone()
            .max_by_key(|subscription| subscription.protocol.longest_callout());
        let schedule = subscriptions
            .map(|subscription| subscription.schedule)
            .reduce(Schedule::with);
        let machine = self.machine.watched();
        if let Some(((patient, schedule), machine)) = patient.zip(schedule).zip(machine) {
            machine.reconfigure(Arc::clone(&patient.protocol), schedule);
        }
    }

    /// Whether nothing is on its way that could replace the document.
    pub(in crate::engine) const fn is_settled(&self) -> bool {
        let is_settled = match &self.machine {
            Machine::Fetched(watched) => watched.is_settled(),
            Machine::Merged(merged) => !merged.is_at_work(),
        };
        self.pending.is_none() && is_settled
    }

    /// Whether a document is still being read.
    pub(in crate::engine) const fn is_reading(&self) -> bool {
        let is_reading = match &self.machine {
            Machine::Fetched(watched) => watched.arrived().is_some(),
            Machine::Merged(merged) => merged.is_at_work(),
        };
        self.pending.is_some() || is_reading
    }

    /// Whether the last good document may be used by a policy that uses it for `stale_for` after it was last confirmed.
    pub(in crate::engine) fn is_usable(&self, stale_for: Duration, now: Timestamp) -> bool {
        match &self.machine {
            Machine::Fetched(watched) => watched
                .last_good()
                .is_some_and(|(_, confirmed)| now.since(confirmed) <= stale_for),
            Machine::Merged(merged) => merged.is_usable(stale_for, now),
        }
    }

    fn new(machine: Machine, subscriptions: Vec<Subscription>) -> Self {
        Self {
            machine,
            view: None,
            pending: None,
            waiters: Waiters::default(),
            refetch_waiters: Waiters::default(),
            subscriptions,
        }
    }
}

/// A source on demand, and the flight of each key.
#[derive(Debug)]
pub(in crate::engine) struct OnDemandSource {
    pub(in crate::engine) machine: OnDemand,
    pub(in crate::engine) definition: DefinitionHash,
    pub(in crate::engine) flights: Map<EntryKey, FlightId>,
}

/// A callout under way.
#[derive(Debug)]
pub(in crate::engine) struct Flight {
    /// The engine that sent it: the flight ends with that engine.
    pub(in crate::engine) owner: EngineId,
    pub(in crate::engine) purpose: Purpose,
    /// How long the host waits for its reply.
    pub(in crate::engine) timeout: Duration,
    pub(in crate::engine) waiters: Waiters,
}

/// The purpose of a flight.
#[derive(Clone, Debug)]
pub(in crate::engine) enum Purpose {
    Watched(Rc<RefCell<WatchedSource>>),
    OnDemand(Rc<RefCell<OnDemandSource>>, EntryKey),
    /// None any more: its reply was so late that another callout was sent.
    Superseded,
}

impl Store {
    /// An empty store. `vm` names this VM among those that share a [`SharedData`]; the driver draws it at random. It
    /// seeds the jitter too.
    #[must_use]
    pub fn new(vm: u64) -> Self {
        Self(Rc::new(RefCell::new(StoreInner {
            vm: vm.max(1),
            last_id: 0,
            now: Timestamp::default(),
            watched: Shared::default(),
            on_demand: Shared::default(),
            flights: Map::default(),
            permits: WaitPermit::default(),
            pending_drops: PendingDrops::default(),
            shared_budget: SharedBudget::default(),
        })))
    }

    pub(in crate::engine) fn new_engine(&self) -> EngineId {
        EngineId(self.0.borrow_mut().next_id())
    }

    pub(in crate::engine) fn new_exchange(&self) -> ExchangeId {
        ExchangeId(self.0.borrow_mut().next_id())
    }

    /// A watched source, with what another engine has learnt. `engine` uses it from now on.
    pub(in crate::engine) fn watched(
        &self,
        engine: EngineId,
        definition: DefinitionHash,
        protocol: &Arc<Protocol>,
        schedule: Schedule,
    ) -> Rc<RefCell<WatchedSource>> {
        let mut inner = self.0.borrow_mut();
        let subscription = Subscription {
            of: engine,
            protocol: Arc::clone(protocol),
            schedule,
        };
        if let Some(known) = inner.watched.find(definition) {
            let mut source = known.borrow_mut();
            source.subscriptions.push(subscription);
            source.settle();
            drop(source);
            return known;
        }
        let machine = Watched::new(Arc::clone(protocol), schedule, definition, inner.vm);
        let fresh = WatchedSource::new(Machine::Fetched(machine), vec![subscription]);
        inner.add_watched(definition, fresh)
    }

    /// A source whose document is made of others, with what another engine has made of them.
    pub(in crate::engine) fn merged(
        &self,
        definition: DefinitionHash,
    ) -> Rc<RefCell<WatchedSource>> {
        let mut inner = self.0.borrow_mut();
        if let Some(known) = inner.watched.find(definition) {
            return known;
        }
        let machine = Machine::Merged(Merged::default());
        inner.add_watched(definition, WatchedSource::new(machine, Vec::new()))
    }

    /// A source on demand, with what another engine has learnt.
    pub(in crate::engine) fn on_demand(
        &self,
        definition: DefinitionHash,
        template: &Arc<RequestTemplate>,
        limits: Limits,
    ) -> Rc<RefCell<OnDemandSource>> {
        let mut inner = self.0.borrow_mut();
        if let Some(known) = inner.on_demand.find(definition) {
            return known;
        }
        let machine = OnDemand::new(Arc::clone(template), limits);
        let fresh = OnDemandSource {
            machine,
            definition,
            flights: Map::default(),
        };
        let fresh = Rc::new(RefCell::new(fresh));
        inner.on_demand.add(definition, &fresh);
        fresh
    }

    /// Registers a new flight.
    pub(in crate::engine) fn start_flight(
        &self,
        owner: EngineId,
        purpose: Purpose,
        timeout: Duration,
    ) -> FlightId {
        let mut inner = self.0.borrow_mut();
        let id = FlightId(inner.next_id());
        match &purpose {
            Purpose::OnDemand(source, key) => {
                let late = source.borrow_mut().flights.insert(key.clone(), id);
                if let Some(late) = late.and_then(|late| inner.flights.get_mut(&late)) {
                    late.purpose = Purpose::Superseded;
                }
            }
            Purpose::Watched(source) => {
                let is_late = |flight: &&mut Flight| matches!(&flight.purpose, Purpose::Watched(own) if Rc::ptr_eq(own, source));
                for late in inner.flights.values_mut().filter(is_late) {
                    late.purpose = Purpose::Superseded;
                }
            }
            Purpose::Superseded => {}
        }
        inner.flights.insert(
            id,
            Flight {
                owner,
                purpose,
                timeout,
                waiters: Waiters::default(),
            },
        );
        id
    }

    /// Removes a flight that has ended; `None` if it isn't under way.
    pub(in crate::engine) fn end_flight(&self, id: FlightId) -> Option<Flight> {
        let flight = self.0.borrow_mut().flights.remove(&id)?;
        if let Purpose::OnDemand(source, key) = &flight.purpose {
            source.borrow_mut().flights.remove(key);
        }
        Some(flight)
    }

    /// Cancels the flights of an engine that ends: no reply will come. Returns the exchanges that waited for them.
    pub(in crate::engine) fn cancel(
        &self,
        owner: EngineId,
        now: Timestamp,
        shared_data: &mut dyn SharedData,
    ) -> Vec<ExchangeId> {
        let ids: Vec<FlightId> = {
            let inner = self.0.borrow();
            inner
                .flights
                .iter()
                .filter(|(_, flight)| flight.owner == owner)
                .map(|(id, _)| *id)
                .collect()
        };
        let mut woken = Vec::new();
        for mut flight in ids.into_iter().filter_map(|id| self.end_flight(id)) {
            match &flight.purpose {
                Purpose::Watched(source) => {
                    if let Some(watched) = source.borrow_mut().machine.watched() {
                        watched.abandon(now, shared_data);
                    }
                }
                Purpose::OnDemand(source, key) => source.borrow_mut().machine.abandon(key),
                Purpose::Superseded => {}
            }
            woken.extend(flight.waiters.take(&|_| {}));
        }
        woken
    }

    /// The budget for an engine's tick.
    pub(in crate::engine) fn tick_budget(&self, engine: EngineId, is_reading: bool) -> Budget {
        let mut inner = self.0.borrow_mut();
        inner.shared_budget.of_tick(engine, is_reading)
    }

    /// Notes the time, for engines that are made without being told it.
    pub(in crate::engine) fn note(&self, now: Timestamp) {
        self.0.borrow_mut().now = now;
    }
}

impl StoreInner {
    fn add_watched(
        &mut self,
        definition: DefinitionHash,
        source: WatchedSource,
    ) -> Rc<RefCell<WatchedSource>> {
        let fresh = Rc::new(RefCell::new(source));
        self.watched.add(definition, &fresh);
        fresh
    }

    fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}
