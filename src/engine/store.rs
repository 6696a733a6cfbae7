//! What the engines of one VM have learnt.

use std::cell::RefCell;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use crate::hash::Map;
use crate::source::{
    Board, Budget, Candidate, Identity, Limits, OnDemand, Protocol, RequestTemplate, Schedule,
    Watched,
};
use crate::time::Timestamp;

use super::allowance::Allowance;
use super::reading::Reading;
use super::retired::Retired;
use super::view::View;
use super::waiting::{EngineId, ExchangeId, FlightId, Place, Waiters};

/// What the engines of one VM have learnt, under a hash of the whole definition that each thing was learnt by: no policy
/// reads another's, a new policy finds what still means the same, and the last user's end drops it. One a VM; clones
/// are the same store. It stays on one thread, as its engines do.
#[derive(Clone, Debug)]
pub struct Store(pub(super) Rc<RefCell<Learnt>>);

#[derive(Debug)]
pub(super) struct Learnt {
    vm: u64,
    last_id: u64,
    /// The latest time that any engine was told.
    pub(super) now: Timestamp,
    watched: Map<Identity, Weak<RefCell<WatchedSource>>>,
    on_demand: Map<Identity, Weak<RefCell<DemandSource>>>,
    pub(super) flights: Map<FlightId, Flight>,
    /// The places of those who wait.
    pub(super) places: Place,
    pub(super) retired: Retired,
    /// How much may be read of documents.
    pub(super) allowance: Allowance,
}

/// A watched source, what is made of its documents, and who waits for the first one.
#[derive(Debug)]
pub(super) struct WatchedSource {
    pub(super) machine: Watched,
    /// Of the last good document.
    pub(super) view: Option<Rc<View>>,
    pub(super) in_hand: Option<InHand>,
    pub(super) waiters: Waiters,
    /// How each engine that has it wants it to be asked.
    wishes: Vec<Wish>,
}

/// How one engine wants a source to be asked. Whatever else there is to say of the source is the same for all.
#[derive(Debug)]
struct Wish {
    of: EngineId,
    protocol: Arc<Protocol>,
    schedule: Schedule,
}

/// A new document that is being read.
#[derive(Debug)]
pub(super) struct InHand {
    pub(super) candidate: Candidate,
    pub(super) reading: Reading,
}

impl WatchedSource {
    /// An engine lets go of it.
    pub(super) fn leave(&mut self, engine: EngineId) {
        self.wishes.retain(|wish| wish.of != engine);
        self.settle();
    }

    /// Has the source asked as often as any engine wants, and waited for as long as any does.
    fn settle(&mut self) {
        let wishes = self.wishes.iter();
        let patient = wishes
            .clone()
            .max_by_key(|wish| wish.protocol.longest_callout());
        let schedule = wishes.map(|wish| wish.schedule).reduce(Schedule::with);
        if let Some((patient, schedule)) = patient.zip(schedule) {
            self.machine.go_by(Arc::clone(&patient.protocol), schedule);
        }
    }

    /// Whether a document has come that isn't read to its end.
    pub(super) const fn is_reading(&self) -> bool {
        self.in_hand.is_some() || self.machine.arrived().is_some()
    }
}

/// A source on demand, and which flight is for which key.
#[derive(Debug)]
pub(super) struct DemandSource {
    pub(super) machine: OnDemand,
    pub(super) identity: Identity,
    pub(super) flights: Map<Box<[u8]>, FlightId>,
}

/// A callout under way.
#[derive(Debug)]
pub(super) struct Flight {
    /// Who sent it: it ends with that engine.
    pub(super) owner: EngineId,
    pub(super) purpose: Purpose,
    /// How long the host waits for its reply.
    pub(super) timeout: Duration,
    pub(super) waiters: Waiters,
}

/// What a flight is for.
#[derive(Clone, Debug)]
pub(super) enum Purpose {
    Watched(Rc<RefCell<WatchedSource>>),
    OnDemand(Rc<RefCell<DemandSource>>, Box<[u8]>),
    /// For nothing any more: its reply was so late that another one was sent for.
    Superseded,
}

impl Store {
    /// An empty store. `vm` names this VM among those that share a [`Board`]: drawn at random by the driver. It seeds
    /// the jitter too.
    #[must_use]
    pub fn new(vm: u64) -> Self {
        Self(Rc::new(RefCell::new(Learnt {
            vm: vm.max(1),
            last_id: 0,
            now: Timestamp::default(),
            watched: Map::default(),
            on_demand: Map::default(),
            flights: Map::default(),
            places: Place::default(),
            retired: Retired::default(),
            allowance: Allowance::default(),
        })))
    }

    pub(super) fn new_engine(&self) -> EngineId {
        EngineId(self.0.borrow_mut().next_id())
    }

    pub(super) fn new_exchange(&self) -> ExchangeId {
        ExchangeId(self.0.borrow_mut().next_id())
    }

    /// What is known of a watched source: by an engine before, or nothing yet. `engine` has it from now on.
    pub(super) fn watched(
        &self,
        engine: EngineId,
        identity: Identity,
        protocol: &Arc<Protocol>,
        schedule: Schedule,
    ) -> Rc<RefCell<WatchedSource>> {
        let mut learnt = self.0.borrow_mut();
        let wish = Wish {
            of: engine,
            protocol: Arc::clone(protocol),
            schedule,
        };
        if let Some(known) = learnt.watched.get(&identity).and_then(Weak::upgrade) {
            let mut source = known.borrow_mut();
            source.wishes.push(wish);
            source.settle();
            drop(source);
            return known;
        }
        let machine = Watched::new(Arc::clone(protocol), schedule, identity, learnt.vm);
        let fresh = WatchedSource {
            machine,
            view: None,
            in_hand: None,
            waiters: Waiters::default(),
            wishes: vec![wish],
        };
        let fresh = Rc::new(RefCell::new(fresh));
        learnt.watched.retain(|_, known| known.strong_count() > 0);
        learnt.watched.insert(identity, Rc::downgrade(&fresh));
        fresh
    }

    /// What is known of a source on demand.
    pub(super) fn on_demand(
        &self,
        identity: Identity,
        template: &Arc<RequestTemplate>,
        limits: Limits,
    ) -> Rc<RefCell<DemandSource>> {
        let mut learnt = self.0.borrow_mut();
        if let Some(known) = learnt.on_demand.get(&identity).and_then(Weak::upgrade) {
            return known;
        }
        let machine = OnDemand::new(Arc::clone(template), limits);
        let fresh = DemandSource {
            machine,
            identity,
            flights: Map::default(),
        };
        let fresh = Rc::new(RefCell::new(fresh));
        learnt.on_demand.retain(|_, known| known.strong_count() > 0);
        learnt.on_demand.insert(identity, Rc::downgrade(&fresh));
        fresh
    }

    /// A new flight.
    pub(super) fn depart(&self, owner: EngineId, purpose: Purpose, timeout: Duration) -> FlightId {
        let mut learnt = self.0.borrow_mut();
        let id = FlightId(learnt.next_id());
        match &purpose {
            Purpose::OnDemand(source, key) => {
                let late = source.borrow_mut().flights.insert(key.clone(), id);
                if let Some(late) = late.and_then(|late| learnt.flights.get_mut(&late)) {
                    late.purpose = Purpose::Superseded;
                }
            }
            Purpose::Watched(source) => {
                let is_late = |flight: &&mut Flight| matches!(&flight.purpose, Purpose::Watched(own) if Rc::ptr_eq(own, source));
                for late in learnt.flights.values_mut().filter(is_late) {
                    late.purpose = Purpose::Superseded;
                }
            }
            Purpose::Superseded => {}
        }
        learnt.flights.insert(
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

    /// The flight, which is over; `None` where it isn't under way.
    pub(super) fn arrive(&self, id: FlightId) -> Option<Flight> {
        let flight = self.0.borrow_mut().flights.remove(&id)?;
        if let Purpose::OnDemand(source, key) = &flight.purpose {
            source.borrow_mut().flights.remove(key);
        }
        Some(flight)
    }

    /// Ends the flights of an engine that ends: nobody will bring their replies. Those who waited are told.
    pub(super) fn ground(
        &self,
        owner: EngineId,
        now: Timestamp,
        board: &mut dyn Board,
    ) -> Vec<ExchangeId> {
        let ids: Vec<FlightId> = {
            let learnt = self.0.borrow();
            learnt
                .flights
                .iter()
                .filter(|(_, flight)| flight.owner == owner)
                .map(|(id, _)| *id)
                .collect()
        };
        let mut woken = Vec::new();
        for mut flight in ids.into_iter().filter_map(|id| self.arrive(id)) {
            match &flight.purpose {
                Purpose::Watched(source) => source.borrow_mut().machine.abandon(now, board),
                Purpose::OnDemand(source, key) => source.borrow_mut().machine.abandon(key),
                Purpose::Superseded => {}
            }
            woken.extend(flight.waiters.take().iter().map(|slot| slot.id));
        }
        woken
    }

    /// What an engine may read on its tick.
    pub(super) fn part_of_tick(&self, engine: EngineId, is_reading: bool) -> Budget {
        let mut learnt = self.0.borrow_mut();
        learnt.allowance.of_tick(engine, is_reading)
    }

    /// Notes the time, for whoever isn't told it.
    pub(super) fn note(&self, now: Timestamp) {
        self.0.borrow_mut().now = now;
    }
}

impl Learnt {
    fn next_id(&mut self) -> u64 {
        self.last_id = self.last_id.wrapping_add(1);
        self.last_id
    }
}
