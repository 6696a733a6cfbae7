//! The per-request machine: one policy's engine, its stages, and what it learns.

mod event;
mod step;

use std::rc::Rc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Edits, Reply, Request};
use crate::policy::Policy;
use crate::source::Board;
use crate::time::Timestamp;

pub use event::{Event, Observer, Outcome};
pub use step::{ExchangeId, FlightId, Step, Suspended, Waiting, Woken};

/// What only the driver knows, asked only where a route needs it.
pub trait Inputs {
    /// The time now.
    fn now(&mut self) -> Timestamp;
}

/// What the engines of one VM have learnt, under a hash of the whole definition that each thing was learnt by. One a VM;
/// clones are the same store.
#[derive(Clone, Debug)]
pub struct Store {}

impl Store {
    /// An empty store. `vm` names this VM among those that share a [`Board`]: drawn at random by the driver. It seeds
    /// the jitter too.
    #[must_use]
    pub fn new(_vm: u64) -> Self {
        Self {}
    }
}

/// Answers requests by one policy. A driver has one for each root context; several may share a [`Store`].
#[derive(Debug)]
pub struct Engine {}

impl Engine {
    /// An engine for `policy` that learns into `store`.
    #[must_use]
    pub fn new(_policy: Rc<Policy>, _store: &Store) -> Self {
        Self {}
    }

    /// How often [`tick`](Engine::tick) is to be called; `None` where the policy needs none.
    #[must_use]
    pub fn tick_period(&self) -> Option<Duration> {
        None
    }

    /// Decides one request. Nothing is performed; the driver does that with the step.
    pub fn start(
        &mut self,
        _request: &Request<'_>,
        _inputs: &mut dyn Inputs,
        _observer: &mut dyn Observer,
    ) -> Step {
        Step::Continue(Edits::default())
    }

    /// The callouts that are to be sent now, in the context of this engine's root: ask after every call of
    /// [`start`](Engine::start), [`Suspended::resume`], [`reply`](Engine::reply) and [`tick`](Engine::tick). One that
    /// cannot be sent is answered at once with [`CalloutError::Unsendable`].
    pub fn callouts(&mut self) -> Vec<(FlightId, Callout)> {
        Vec::new()
    }

    /// What came of a flight. A flight that isn't under way is ignored.
    pub fn reply(
        &mut self,
        _flight: FlightId,
        _reply: Result<Reply, CalloutError>,
        _now: Timestamp,
        _board: &mut dyn Board,
        _observer: &mut dyn Observer,
    ) -> Woken {
        Woken::default()
    }

    /// Due refreshes, documents of other VMs, deadlines that have passed.
    pub fn tick(
        &mut self,
        _now: Timestamp,
        _board: &mut dyn Board,
        _observer: &mut dyn Observer,
    ) -> Woken {
        Woken::default()
    }

    /// Ends the engine: its flights are void, its leases given up. Exchanges of other engines that waited for one of its
    /// flights are woken.
    pub fn close(self, _now: Timestamp, _board: &mut dyn Board) -> Woken {
        Woken::default()
    }
}
