//! What the host calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use log::{error, info};

use crate::engine::Engine;
use crate::policy::{Fingerprint, Policy};

use super::abi::{self, Action};
use super::board::SharedBoard;
use super::clock::milliseconds;
use super::handover::{BUILD, PERIOD, VERSION};
use super::id::{CallToken, ContextId};
use super::offers::Verdict;
use super::perform::Turn;
use super::refusal::Refusal;
use super::seat::Seat;
use super::tally::Tally;
use super::vm::Vm;
use super::{configure, log as host_log, reply};

/// Early replies that are kept for their callouts.
const MOST_EARLY: usize = 8;

impl Vm {
    /// A context begins: a root where `parent` is zero, else a stream of the root `parent`. Envoy may begin a root again
    /// (the same configuration pushed again); its policy stays.
    pub fn on_context_create(&self, context: ContextId, parent: ContextId) {
        self.with(|tables| {
            if parent.0 == 0 {
                tables.roots.begin(context);
            } else {
                tables.stream_roots.add(context, parent);
            }
        });
    }

    /// A root is given a configuration of `size` bytes; says whether it is good. A bad one changes nothing.
    ///
    /// Envoy makes a new root for each push that changes something (and on its main thread one more, in a VM of its own,
    /// to try it), so that the old policy runs on beside the new until its last stream ends. Nothing is sent from here:
    /// the first callouts go with the first tick or request.
    ///
    /// Where the trial was good and a worker's VM says no, Envoy (1.36 to 1.40) counts the push as good and lets every
    /// request of that worker pass unfiltered. So only a VM that may be the trial's, which is new each time, says no; any other
    /// says yes to a bad one: its root has no policy then, and denies.
    pub fn on_configure(&self, root: ContextId, size: usize) -> bool {
        self.with(|tables| tables.roots.begin(root));
        if self.configured(root, size) {
            return true;
        }
        let may_say_no = self.may_be_a_trial(root);
        if !may_say_no
            && self.with(|tables| tables.roots.get(root).flatten().is_none()) == Some(true)
        {
            // It denies, and so has something to tell.
            self.ask_for_ticks(None);
        }
        !may_say_no
    }

    fn configured(&self, root: ContextId, size: usize) -> bool {
        host_log::follow_level();
        match configure::compile(size) {
            Ok((policy, fingerprint)) => {
                configure::notice(policy.notices());
                self.install(root, policy, fingerprint, size)
            }
            Err(errors) => {
                let fingerprint = configure::fingerprint(size);
                configure::tell(fingerprint, &errors);
                self.refuse_policy(root, fingerprint);
                false
            }
        }
    }

    /// Whether this VM may be one of Envoy's trials: it has had no other root, as far as it knows, and no policy.
    fn may_be_a_trial(&self, root: ContextId) -> bool {
        self.with(|tables| tables.roots.have_only_unseated(root)) == Some(true)
    }

    fn install(
        &self,
        root: ContextId,
        policy: Policy,
        fingerprint: Fingerprint,
        size: usize,
    ) -> bool {
        let now = self.clock.now().unwrap_or_else(|_| self.clock.last());
        let tally = Tally::default();
        tally.handed.set(now);
        let mut observer = self.events.at(now, &tally);
        let engine = Engine::new(Arc::new(policy), &self.store, &mut observer);
        let needed = engine.tick_period();
        let period = period(needed);
        if !self.ask_for_ticks(needed) {
            // Without a tick nothing would be fetched and no wait would end.
            error!(
                "event=policy_refused errors=1 policy={fingerprint} reason=\"the policy needs ticks and the host gives none\""
            );
            // What it may have taken over from another engine goes back.
            self.end_engine(engine);
            self.refuse_policy(root, fingerprint);
            return false;
        }
        self.introduce(root, &engine, fingerprint);
        let seat = Rc::new(Seat {
            root,
            log_properties: engine.log_properties().into(),
            engine: RefCell::new(Some(engine)),
            fingerprint,
            ticked: Cell::new(period),
            tally,
        });
        let before = self.with(|tables| tables.roots.seat(root, seat));
        info!(
            "event=policy_active root={} bytes={size} policy={fingerprint} module={VERSION} build={BUILD}",
            root.0
        );
        if let Some(Some(seat)) = before {
            self.close(root, &seat);
        }
        self.offered(root, fingerprint, Verdict::Taken);
        true
    }

    /// Has the root of this callback ticked as often as its policy needs it, and for its counts at least. Says whether
    /// the policy can do with what the host gives.
    fn ask_for_ticks(&self, needed: Option<Duration>) -> bool {
        let Err(failure) = abi::set_tick_period(milliseconds(period(needed))) else {
            return true;
        };
        self.events.trouble(&failure);
        needed.is_none()
    }

    /// Has a root ticked as often as its engine needs it now: very often while there is a large document to be read. To
    /// be called in a callback of that root's. Where the host doesn't do it, the document is read all the same, but later.
    fn follow_period(&self, seat: &Seat) {
        let needed = match seat.engine.try_borrow() {
            Ok(engine) => engine.as_ref().map(Engine::tick_period),
            Err(_) => None,
        };
        let Some(period) = needed.map(period).filter(|new| *new != seat.ticked.get()) else {
            return;
        };
        match abi::set_tick_period(milliseconds(period)) {
            Ok(()) => seat.ticked.set(period),
            Err(failure) => self.events.trouble(&failure),
        }
    }

    /// A root's tick. One that has no policy only tells how it is.
    pub fn on_tick(&self, root: ContextId) {
        let seat = self.with(|tables| tables.roots.get(root).map(Option::<&Rc<Seat>>::cloned));
        let Some(Some(seat)) = seat else {
            return self.ignore_context();
        };
        host_log::follow_level();
        let now = match self.clock.now() {
            Ok(now) => now,
            Err(failure) => return self.events.trouble(&failure),
        };
        let Some(seat) = seat else {
            return self.hand_over_without_a_policy(now);
        };
        let mut work = self.ask(&seat, |engine| {
            engine.tick(
                now,
                &mut SharedBoard(&self.events),
                &mut self.events.at(now, &seat.tally),
            )
        });
        let later = self.with(|tables| std::mem::take(&mut tables.later));
        work.woken.extend(later.unwrap_or_default());
        self.follow_period(&seat);
        Turn::of(self, root).settle(work);
        self.hand_over_on_tick(&seat, now);
    }

    /// A stream's request headers came.
    pub fn on_request_headers(&self, stream: ContextId) -> Action {
        let seat = self.with(|tables| tables.seat_of(stream).cloned());
        let mut turn = Turn::deciding(self, stream);
        match seat.unwrap_or(Err(Refusal::NoEngine)) {
            Ok(seat) => turn.decide(stream, &seat),
            Err(refusal) => {
                if refusal == Refusal::UnknownContext {
                    self.ignore_context();
                }
                turn.refuse(stream, refusal);
            }
        }
        turn.action()
    }

    /// A stream's response headers came. A local response of ours comes by here too, and is left alone.
    pub fn on_response_headers(&self, stream: ContextId) -> Action {
        let edits = self.with(|tables| tables.edits(stream));
        let Some(Some(edits)) = edits else {
            return Action::Continue;
        };
        let mut turn = Turn::deciding(self, stream);
        turn.edit_response(stream, &edits);
        turn.action()
    }

    /// A callout was answered, with that many headers and bytes of body; no headers mean that there is no reply. The host
    /// names the root that sent it, and we don't need it: the token is the VM's.
    pub fn on_http_call_response(&self, token: CallToken, headers: usize, body: usize) {
        let flight = self.with(|tables| tables.flights.remove(&token));
        let Some(Some(flight)) = flight else {
            return self.early(token, headers, body);
        };
        let reply = reply::read(headers, body, flight.max_bytes);
        let root = flight.seat.root;
        let sent = (flight.id, &*flight.cluster);
        let work = self.reply(&flight.seat, sent, reply);
        self.follow_period(&flight.seat);
        Turn::of(self, root).settle(work);
    }

    /// A reply to a callout that we don't know: one that is just being handed over, or none at all.
    fn early(&self, token: CallToken, headers: usize, body: usize) {
        let expected = self.with(|tables| {
            let early = tables.early.as_ref();
            early.is_some_and(|early| early.len() < MOST_EARLY)
        });
        if expected == Some(true) {
            let reply = reply::read(headers, body, reply::MOST_EARLY_BYTES);
            self.with(|tables| {
                if let Some(early) = &mut tables.early {
                    early.push((token, reply));
                }
            });
        } else {
            self.ignore_reply();
        }
    }

    /// A context is gone, and so is everything of it; a root gives up its leases. Envoy ends the old root of a replaced
    /// policy with its last stream, and every root where the VM ends.
    pub fn on_delete(&self, context: ContextId) {
        // What is dropped here is dropped after the tables are released.
        let stream = self.with(|tables| tables.remove_stream(context));
        if let Some(None) = stream {
            self.end_root(context);
        }
    }

    /// Envoy (1.40) goes on with the ticks of a root that has ended, for nobody, as long as the VM lives: each push would
    /// leave a timer behind. To be called while the root is there.
    fn end_ticks(&self) {
        if let Err(failure) = abi::set_tick_period(0) {
            self.events.trouble(&failure);
        }
    }

    /// Ends a root, with its policy and its ticks.
    #[inline(never)]
    fn end_root(&self, root: ContextId) {
        let Some(Some(seat)) = self.with(|tables| tables.roots.end(root)) else {
            return;
        };
        if let Some(seat) = seat {
            self.close(root, &seat);
            self.forsake(root);
        }
        self.forget_offers(root);
        self.end_ticks();
    }

    /// Ends a seat's engine. Exchanges that wait for it are denied: the request that they carry belongs to a policy that
    /// is no more. (Envoy keeps a root until its last stream ends, so only a second configuration of one root meets any.)
    fn close(&self, own: ContextId, seat: &Rc<Seat>) {
        let engine = match seat.engine.try_borrow_mut() {
            Ok(mut engine) => engine.take(),
            Err(_) => None,
        };
        let orphans = self.with(|tables| tables.vacate(seat));
        if let Some(engine) = engine {
            self.end_engine(engine);
        }
        let mut turn = Turn::of(self, own);
        for stream in orphans.unwrap_or_default() {
            turn.refuse(stream, Refusal::NoEngine);
        }
        self.hand_over(seat);
    }

    fn end_engine(&self, engine: Engine) {
        let now = self.clock.now().unwrap_or_else(|_| self.clock.last());
        let woken = engine.close(now, &mut SharedBoard(&self.events));
        // Going on may mean callouts, and none may be sent from here.
        self.with(|tables| tables.later.extend(woken.0));
    }
}

/// How often a root is ticked whose engine needs it so often: for its counts at least.
fn period(needed: Option<Duration>) -> Duration {
    needed.map_or(PERIOD, |needed| needed.min(PERIOD))
}
