//! What the host calls.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use log::{error, info};

use crate::engine::Engine;
use crate::policy::{Fingerprint, Policy};

use super::clock::milliseconds;
use super::configure;
use super::flush::{BUILD, PERIOD, VERSION};
use super::hostcalls::{Action, Host};
use super::id::{CallToken, ContextId};
use super::instance::PolicyInstance;
use super::log::PolicyEvents;
use super::perform::Performer;
use super::refusal::Refusal;
use super::rollouts::Acceptance;
use super::stream::{MOST_EARLY_BYTES, read_reply};
use super::vm::Vm;

/// How many early replies are kept for their callouts.
const MOST_EARLY: usize = 8;

impl<H: Host> Vm<H> {
    /// A context begins: a root where `parent` is zero, else a stream of the root `parent`. Envoy may begin a root again
    /// (the same configuration is pushed again); its policy stays.
    pub fn on_context_create(&self, context: ContextId, parent: ContextId) {
        self.with(|tables| {
            if parent.0 == 0 {
                tables.roots.begin(context);
            } else {
                tables.stream_roots.add(context, parent);
            }
        });
    }

    /// A root gets a configuration of `size` bytes; says whether the VM accepts it. A bad one changes nothing.
    ///
    /// Envoy makes a new root for each push that changes something (and on its main thread one more, in a VM of its own,
    /// to try it), so that the old policy runs on beside the new one until its last stream ends. No callout is sent from here;
    /// the first ones go with the first tick or request.
    ///
    /// Where the trial was good and a worker's VM refuses, Envoy (1.36 to 1.40) counts the push as good and lets every
    /// request of that worker pass unfiltered. So only a VM that may be the trial's, which is new each time, refuses. Any other
    /// accepts a bad configuration too: its root has no policy then, and denies.
    pub fn on_configure(&self, root: ContextId, size: usize) -> bool {
        self.with(|tables| tables.roots.begin(root));
        if self.configured(root, size) {
            return true;
        }
        let may_refuse = self.may_be_a_trial(root);
        if !may_refuse
            && self.with(|tables| tables.roots.get(root).flatten().is_none()) == Some(true)
        {
            // It denies, and the counts of that are flushed on ticks.
            self.ask_for_ticks(None);
        }
        !may_refuse
    }

    fn configured(&self, root: ContextId, size: usize) -> bool {
        self.host.follow_log_level();
        match configure::compile(&self.host, size) {
            Ok((policy, fingerprint)) => {
                configure::log_notices(policy.notices());
                self.on_policy(root, Arc::new(policy), fingerprint, size)
            }
            Err(errors) => {
                let fingerprint = configure::fingerprint(&self.host, size);
                configure::log_errors(fingerprint, &errors);
                self.refuse_policy(root, fingerprint);
                false
            }
        }
    }

    /// Whether this VM may be one of Envoy's trials: it has had no other root, as far as it knows, and no policy.
    fn may_be_a_trial(&self, root: ContextId) -> bool {
        self.with(|tables| tables.roots.have_only_one_without_a_policy(root)) == Some(true)
    }

    /// A root gets a policy that the driver has compiled already, as one with several threads does for all of them; says whether
    /// the VM accepts it. `size` is the length of its text.
    pub fn on_policy(
        &self,
        root: ContextId,
        policy: Arc<Policy>,
        fingerprint: Fingerprint,
        size: usize,
    ) -> bool {
        let now = self
            .clock
            .now(&self.host)
            .unwrap_or_else(|_| self.clock.last());
        let events = PolicyEvents::default();
        events.counters.flushed.set(now);
        let mut observer = self.log.at(now, &events);
        let engine = Engine::new(policy, &self.store, &mut observer);
        let needed = engine.tick_period();
        let period = period(needed);
        if !self.ask_for_ticks(needed) {
            // Without a tick nothing would be fetched and no wait would end.
            error!(
                "event=policy_refused errors=1 policy={fingerprint} reason=\"the policy needs ticks and the host gives none\""
            );
            // Leases that it may have taken over from another engine are given up.
            self.end_engine(engine);
            self.refuse_policy(root, fingerprint);
            return false;
        }
        self.introduce(root, &engine, fingerprint);
        let instance = Rc::new(PolicyInstance {
            root,
            log_properties: engine.log_properties().into(),
            engine: RefCell::new(Some(engine)),
            fingerprint,
            tick_period: Cell::new(period),
            events,
        });
        let before = self.with(|tables| tables.roots.set(root, instance));
        info!(
            "event=policy_active root={} bytes={size} policy={fingerprint} module={VERSION} build={BUILD}",
            root.0
        );
        if let Some(Some(instance)) = before {
            self.close(root, &instance);
        }
        self.note_rollout(root, fingerprint, Acceptance::Accepted);
        true
    }

    /// Has the root of this callback ticked as often as its policy needs it, and for its counts at least. Says whether
    /// the policy can work with the ticks that the host gives.
    fn ask_for_ticks(&self, needed: Option<Duration>) -> bool {
        let Err(failure) = self.host.set_tick_period(milliseconds(period(needed))) else {
            return true;
        };
        self.log.trouble(&failure);
        needed.is_none()
    }

    /// Has a root ticked as often as its engine needs it now: very often while there is a large document to be read. To
    /// be called in a callback of that root. Where the host refuses, the document is read later.
    fn follow_period(&self, instance: &PolicyInstance) {
        let needed = match instance.engine.try_borrow() {
            Ok(engine) => engine.as_ref().map(Engine::tick_period),
            Err(_) => None,
        };
        let Some(period) = needed
            .map(period)
            .filter(|new| *new != instance.tick_period.get())
        else {
            return;
        };
        match self.host.set_tick_period(milliseconds(period)) {
            Ok(()) => instance.tick_period.set(period),
            Err(failure) => self.log.trouble(&failure),
        }
    }

    /// A root's tick. A root without a policy only flushes counts.
    pub fn on_tick(&self, root: ContextId) {
        let instance = self.with(|tables| {
            tables
                .roots
                .get(root)
                .map(Option::<&Rc<PolicyInstance>>::cloned)
        });
        let Some(Some(instance)) = instance else {
            return self.ignore_context();
        };
        self.host.follow_log_level();
        let now = match self.clock.now(&self.host) {
            Ok(now) => now,
            Err(failure) => return self.log.trouble(&failure),
        };
        let Some(instance) = instance else {
            return self.flush_without_a_policy(now);
        };
        let mut work = self.ask(&instance, |engine| {
            engine.tick(
                now,
                &mut self.shared_data(),
                &mut self.log.at(now, &instance.events),
            )
        });
        let later = self.with(|tables| std::mem::take(&mut tables.later));
        work.woken.extend(later.unwrap_or_default());
        self.follow_period(&instance);
        Performer::of(self, root).settle(work);
        self.flush_on_tick(&instance, now);
    }

    /// The request headers of a stream came.
    pub fn on_request_headers(&self, stream: ContextId) -> Action {
        let instance = self.with(|tables| tables.instance_of(stream).cloned());
        let mut performer = Performer::deciding(self, stream);
        match instance.unwrap_or(Err(Refusal::NoEngine)) {
            Ok(instance) => performer.decide(stream, &instance),
            Err(refusal) => {
                if refusal == Refusal::UnknownContext {
                    self.ignore_context();
                }
                performer.refuse(stream, refusal);
            }
        }
        performer.action()
    }

    /// The response headers of a stream came. They may be those of a local response of ours, which isn't edited.
    pub fn on_response_headers(&self, stream: ContextId) -> Action {
        let edits = self.with(|tables| tables.edits(stream));
        let Some(Some(edits)) = edits else {
            return Action::Continue;
        };
        let mut performer = Performer::deciding(self, stream);
        performer.edit_response(stream, edits);
        performer.action()
    }

    /// The reply to a callout came, with that many headers and bytes of body; no headers mean that there is no reply.
    pub fn on_http_call_response(&self, token: CallToken, headers: usize, body: usize) {
        let callout = self.with(|tables| tables.callouts.remove(&token));
        let Some(Some(callout)) = callout else {
            return self.early(token, headers, body);
        };
        let reply = read_reply(&self.host, headers, body, callout.max_bytes);
        let root = callout.instance.root;
        let sent = (callout.id, &*callout.cluster);
        let work = self.reply(&callout.instance, sent, reply);
        self.follow_period(&callout.instance);
        Performer::of(self, root).settle(work);
    }

    /// A reply to an unknown callout: one that is just being sent, or none at all.
    fn early(&self, token: CallToken, headers: usize, body: usize) {
        let expected = self.with(|tables| {
            let early = tables.early.as_ref();
            early.is_some_and(|early| early.len() < MOST_EARLY)
        });
        if expected == Some(true) {
            let reply = read_reply(&self.host, headers, body, MOST_EARLY_BYTES);
            self.with(|tables| {
                if let Some(early) = &mut tables.early {
                    early.push((token, reply));
                }
            });
        } else {
            self.ignore_reply();
        }
    }

    /// A context ends, with everything of it; a root gives up its leases. Envoy ends the old root of a replaced policy with
    /// its last stream, and every root where the VM ends.
    pub fn on_delete(&self, context: ContextId) {
        // What is dropped here is dropped after the tables are released.
        let stream = self.with(|tables| tables.remove_stream(context));
        if let Some(None) = stream {
            self.end_root(context);
        }
    }

    /// Envoy (1.40) goes on with the ticks of a root that has ended, as long as the VM lives: each push would leave a timer
    /// behind. To be called in the last callback of the root.
    fn end_ticks(&self) {
        if let Err(failure) = self.host.set_tick_period(0) {
            self.log.trouble(&failure);
        }
    }

    /// Ends a root, with its policy and its ticks.
    #[inline(never)]
    fn end_root(&self, root: ContextId) {
        let Some(Some(instance)) = self.with(|tables| tables.roots.end(root)) else {
            return;
        };
        if let Some(instance) = instance {
            self.close(root, &instance);
            self.retract(root);
        }
        self.forget_rollouts(root);
        self.end_ticks();
    }

    /// Ends an instance's engine. Exchanges that wait for it are denied: their requests belong to a policy that has ended. (Envoy
    /// keeps a root until its last stream ends, so there are such exchanges only when one root is configured again.)
    fn close(&self, own: ContextId, instance: &Rc<PolicyInstance>) {
        let engine = match instance.engine.try_borrow_mut() {
            Ok(mut engine) => engine.take(),
            Err(_) => None,
        };
        let orphans = self.with(|tables| tables.vacate(instance));
        if let Some(engine) = engine {
            self.end_engine(engine);
        }
        let mut performer = Performer::of(self, own);
        for stream in orphans.unwrap_or_default() {
            performer.refuse(stream, Refusal::NoEngine);
        }
        self.flush(instance);
    }

    fn end_engine(&self, engine: Engine) {
        let now = self
            .clock
            .now(&self.host)
            .unwrap_or_else(|_| self.clock.last());
        let woken = engine.close(now, &mut self.shared_data());
        // The woken exchanges may send callouts, which can't be sent from here.
        self.with(|tables| tables.later.extend(woken.0));
    }
}

/// The tick period of a root, by what its engine needs.
fn period(needed: Option<Duration>) -> Duration {
    needed.map_or(PERIOD, |needed| needed.min(PERIOD))
}
