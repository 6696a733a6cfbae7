//! One VM: its roots, its streams, and what they have learnt.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use crate::engine::{Engine, FlightId, Store, Woken};
use crate::hash;
use crate::http::{Callout, CalloutError, Edits, Reply};
use crate::random::Random;

use super::clock::Clock;
use super::decision_inputs::DecisionInputs;
use super::host_function::HostFunction;
use super::hostcalls::Host;
use super::instance::PolicyInstance;
use super::log::EventLog;
use super::rollout::Filters;
use super::seed::VmSeed;
use super::shared_data::HostSharedData;
use super::stats::Metrics;
use super::stream::{Tables, Work};

/// One VM: several roots, each with an engine for one policy, their streams, and what they have learnt.
///
/// The callbacks take `&self`, because the host may call back while it is called. No table is borrowed during a host call;
/// a callback that cannot be served denies. A VM stays on one thread. A driver with several threads has one on each.
pub struct Vm<H> {
    pub(super) host: H,
    pub(super) tables: RefCell<Tables>,
    pub(super) clock: Clock,
    pub(super) log: EventLog,
    pub(super) signatures: HostFunction,
    pub(super) store: Store,
    pub(super) metrics: Metrics,
    /// The VM's name among those that share data.
    pub(super) name: u64,
    /// The numbers by which requests draw their upstream.
    random: Random,
    pub(super) filters: Filters,
    /// The edits of the exchange that is decided now, borrowed until they are made.
    pub(super) edits: RefCell<Edits>,
    ignored: Cell<Ignored>,
}

/// Callbacks with unknown numbers, which were ignored. The SDK's dispatcher would have trapped on each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Contexts that were never created, or have ended.
    pub contexts: u64,
    /// Replies to callouts that were never sent, were answered already, or that belong to a policy that has ended.
    pub replies: u64,
}

impl<H> fmt::Debug for Vm<H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vm")
            .field("tables", &self.tables)
            .field("ignored", &self.ignored)
            .finish_non_exhaustive()
    }
}

impl<H: Host> Vm<H> {
    /// A VM on a host, with its random numbers.
    #[must_use]
    pub fn new(host: H, seed: VmSeed) -> Self {
        hash::seed(seed.hash_seed());
        let name = seed.name();
        Self {
            host,
            tables: RefCell::default(),
            clock: Clock::default(),
            log: EventLog::default(),
            signatures: HostFunction::default(),
            store: Store::new(name),
            metrics: Metrics::default(),
            name,
            random: Random::seeded(seed.draws()),
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

    /// Hands an engine the reply to a callout, which went to a cluster.
    pub(super) fn reply(
        &self,
        instance: &Rc<PolicyInstance>,
        (id, cluster): (FlightId, &[u8]),
        reply: Result<Reply, CalloutError>,
    ) -> Work {
        let outcome = match &reply {
            Ok(_) => "answered",
            Err(CalloutError::UnknownCluster | CalloutError::Unsendable) => "unsendable",
            Err(CalloutError::Unreached { .. } | CalloutError::NoReply) => "unanswered",
        };
        instance.events.counters.callout(cluster, outcome);
        // A time that is past makes what is learnt look older than it is, never younger.
        let now = self.clock.now(&self.host).unwrap_or_else(|failure| {
            self.log.trouble(&failure);
            self.clock.last()
        });
        self.ask(instance, |engine| {
            let mut observer = self.log.at(now, &instance.events);
            engine.reply(id, reply, now, &mut self.shared_data(), &mut observer)
        })
    }

    /// Asks an engine which exchanges to wake, and collects the callouts that it wants sent.
    pub(super) fn ask(
        &self,
        instance: &Rc<PolicyInstance>,
        question: impl FnOnce(&mut Engine) -> Woken,
    ) -> Work {
        let mut work = Work::default();
        if let Some((woken, callouts)) = with_engine(instance, question) {
            work.woken = woken.0;
            work.send(instance, callouts);
        }
        work
    }

    /// The inputs for one decision.
    pub(super) const fn inputs(&self) -> DecisionInputs<'_, H> {
        DecisionInputs::new(
            &self.host,
            &self.clock,
            &self.signatures,
            &self.log,
            &self.random,
        )
    }

    /// The data that the VMs share.
    pub(super) const fn shared_data(&self) -> HostSharedData<'_, H> {
        HostSharedData {
            host: &self.host,
            log: &self.log,
        }
    }

    /// Works on the tables. `None` only where the VM is called again meanwhile, which no host call does.
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

/// Calls the engine of an instance, and asks it for callouts right after. `None` where the engine is gone, or is
/// at work already (a host that calls back from its clock, its log or its shared data).
pub(super) fn with_engine<T>(
    instance: &PolicyInstance,
    work: impl FnOnce(&mut Engine) -> T,
) -> Option<(T, Vec<(FlightId, Callout)>)> {
    let mut engine = instance.engine.try_borrow_mut().ok()?;
    let engine = engine.as_mut()?;
    let answer = work(engine);
    Some((answer, engine.callouts()))
}
