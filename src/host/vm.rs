//! One VM: its roots, its streams, and what they have learnt.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::engine::{Engine, FlightId, Store, Woken};
use crate::hash;
use crate::http::{Callout, CalloutError, Edits, Reply};

use super::board::SharedBoard;
use super::clock::Clock;
use super::draw::Draw;
use super::filters::Filters;
use super::log as host_log;
use super::metrics::Metrics;
use super::observer::EventLog;
use super::seat::Seat;
use super::tables::Tables;
use super::work::Work;

/// One VM: several roots, each with an engine for one policy, their streams, and what they have learnt.
///
/// The callbacks take `&self`, because the host may call back while it is called. No table is held across a host call;
/// a callback that cannot be served fails closed.
pub struct Vm {
    pub(super) tables: RefCell<Tables>,
    pub(super) clock: Clock,
    pub(super) events: EventLog,
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    /// This VM's name among those that share data.
    pub(super) name: u64,
    pub(super) filters: Filters,
    /// What is done to the exchange that is decided now: held until that is done.
    pub(super) edits: RefCell<Edits>,
    ignored: Cell<Ignored>,
}

/// Callbacks that named what this VM doesn't know. The SDK's dispatcher would have trapped on each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Contexts that were never created, or are gone.
    pub contexts: u64,
    /// Replies to callouts that were never sent, were answered already, or whose policy is gone.
    pub replies: u64,
}

impl fmt::Debug for Vm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("tables", &self.tables)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

impl Vm {
    /// A VM by what it has drawn at random.
    #[must_use]
    pub fn new(draw: Draw) -> Self {
        host_log::install();
        hash::seed(draw.seed());
        let name = draw.name();
        Self {
            tables: RefCell::default(),
            clock: Clock::default(),
            events: EventLog::default(),
            store: Store::new(name),
            metrics: Metrics::default(),
            name,
            filters: Filters::default(),
            edits: RefCell::default(),
            ignored: Cell::default(),
        }
    }

    /// What was ignored so far.
    #[must_use]
    pub fn ignored(&self) -> Ignored {
        self.ignored.get()
    }

    /// Tells an engine what came of a flight to a cluster.
    pub(super) fn reply(
        &self,
        seat: &Rc<Seat>,
        (flight, cluster): (FlightId, &[u8]),
        reply: Result<Reply, CalloutError>,
    ) -> Work {
        let outcome = match &reply {
            Ok(_) => "answered",
            Err(CalloutError::UnknownCluster | CalloutError::Unsendable) => "unsendable",
            Err(
                CalloutError::Unreached { .. } | CalloutError::NoReply | CalloutError::Abandoned,
            ) => "unanswered",
        };
        seat.tally.callout(cluster, outcome);
        // A time that is past makes what is learnt look older than it is, never younger.
        let now = self.clock.now().unwrap_or_else(|failure| {
            self.events.trouble(&failure);
            self.clock.last()
        });
        self.ask(seat, |engine| {
            engine.reply(
                flight,
                reply,
                now,
                &mut SharedBoard(&self.events),
                &mut self.events.at(now, &seat.tally),
            )
        })
    }

    /// Asks an engine whom to wake, and collects what it wants sent.
    pub(super) fn ask(&self, seat: &Rc<Seat>, question: impl FnOnce(&mut Engine) -> Woken) -> Work {
        let mut work = Work::default();
        if let Some((woken, callouts)) = engaged(seat, question) {
            work.woken = woken.0;
            work.send(seat, callouts);
        }
        work
    }

    /// Works on the tables. `None` only where this VM is re-entered while it does, which no host call allows.
    pub(super) fn with<T>(&self, work: impl FnOnce(&mut Tables) -> T) -> Option<T> {
        match self.tables.try_borrow_mut() {
            Ok(mut tables) => Some(work(&mut tables)),
            Err(_) => None,
        }
    }

    pub(super) fn ignore_reply(&self) {
        let mut ignored = self.ignored.get();
        ignored.replies = ignored.replies.saturating_add(1);
        self.ignored.set(ignored);
        self.count_ignored("reply");
    }

    pub(super) fn ignore_context(&self) {
        let mut ignored = self.ignored.get();
        ignored.contexts = ignored.contexts.saturating_add(1);
        self.ignored.set(ignored);
        self.count_ignored("context");
    }
}

/// Has the engine of a seat do something, and asks it for callouts right after. `None` where the engine is gone, or is
/// at work already (a host that calls back from its clock, its log or its shared data).
pub(super) fn engaged<T>(
    seat: &Seat,
    work: impl FnOnce(&mut Engine) -> T,
) -> Option<(T, Vec<(FlightId, Callout)>)> {
    let mut engine = seat.engine.try_borrow_mut().ok()?;
    let engine = engine.as_mut()?;
    let answer = work(engine);
    Some((answer, engine.callouts()))
}
