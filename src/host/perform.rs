//! Performing what an engine decided.

use std::rc::Rc;

use crate::engine::{Engine, ExchangeId, FlightId, Inputs, Step, Suspended};
use crate::http::{Callout, CalloutError, Edit, Edits, HeaderMap, Headers, Request, Response};

use super::abi::{self, Action, Failure, MapKind};
use super::clock::milliseconds;
use super::edit;
use super::id::ContextId;
use super::notes::Notes;
use super::observer::Sink;
use super::refusal::Refusal;
use super::reply;
use super::seat::Seat;
use super::tables::{Flight, Waiting};
use super::vm::{Vm, engaged};
use super::work::Work;

/// So often waking may lead to callouts that fail at once and wake again, within one callback.
const ROUNDS: u32 = 64;

/// One callback's turn with the host: which context its calls are attributed to, and what it will answer.
#[derive(Debug)]
pub(super) struct Turn<'a> {
    vm: &'a Vm,
    /// The context that the host's calls are attributed to now: the callback's own at first.
    effective: ContextId,
    /// The stream whose headers this callback is about. It goes on by the callback's answer: to continue it by a host
    /// call, inside of its own callback, would run its filters twice.
    deciding: Option<ContextId>,
    /// The stream that was answered last.
    answered: Option<ContextId>,
    action: Action,
}

impl<'a> Turn<'a> {
    /// The turn of a callback for `context`.
    pub(super) const fn of(vm: &'a Vm, context: ContextId) -> Self {
        Self {
            vm,
            effective: context,
            deciding: None,
            answered: None,
            action: Action::Pause,
        }
    }

    /// The turn of a callback that holds `stream` until it says otherwise.
    pub(super) const fn deciding(vm: &'a Vm, stream: ContextId) -> Self {
        Self {
            vm,
            effective: stream,
            deciding: Some(stream),
            answered: None,
            action: Action::Pause,
        }
    }

    /// What the callback answers.
    pub(super) const fn action(&self) -> Action {
        self.action
    }

    /// Decides a request and performs what comes of it.
    pub(super) fn decide(&mut self, stream: ContextId, seat: &Rc<Seat>) {
        let map = match abi::header_map(MapKind::Request) {
            Ok(map) => map,
            Err(failure) => {
                self.vm.events.trouble(&failure);
                return self.refuse(stream, Refusal::Unreadable);
            }
        };
        // A request has headers; the host gives an empty map where it has none to give.
        match Headers::parse(&map) {
            Ok(headers) if !headers.is_empty() => {
                self.decide_by(&Request::new(headers), stream, seat);
            }
            Ok(_) | Err(_) => self.refuse(stream, Refusal::Unreadable),
        }
        abi::give_back(map);
    }

    fn decide_by(&mut self, request: &Request<'_>, stream: ContextId, seat: &Rc<Seat>) {
        let callouts = self.step(stream, seat, |engine, edits, inputs, observer| {
            engine.start(request, edits, inputs, observer)
        });
        if !callouts.is_empty() {
            let mut work = Work::default();
            work.send(seat, callouts);
            self.settle_all(work);
        }
    }

    /// Takes the next step of a stream and performs it. What its engine wants sent is handed out.
    fn step(
        &mut self,
        stream: ContextId,
        seat: &Rc<Seat>,
        next: impl FnOnce(&mut Engine, &mut Edits, &mut dyn Inputs, &mut Sink<'_>) -> Step,
    ) -> Vec<(FlightId, Callout)> {
        // Never in Envoy, which doesn't ask about another request from within the calls that perform a step.
        let Ok(mut edits) = self.vm.edits.try_borrow_mut() else {
            self.refuse(stream, Refusal::NoEngine);
            return Vec::new();
        };
        let mut inputs = self.vm.clock.inputs();
        let mut observer = self.vm.events.noting(self.vm.clock.last(), seat);
        let stepped = engaged(seat, |engine| {
            next(engine, &mut edits, &mut inputs, &mut observer)
        });
        let Some((step, callouts)) = stepped else {
            self.refuse(stream, Refusal::NoEngine);
            return Vec::new();
        };
        if let Some(failure) = &inputs.failure {
            self.vm.events.trouble(failure);
            self.refuse(stream, Refusal::NoClock);
        } else {
            self.perform(stream, seat, step, &mut edits, observer.notes.as_deref());
        }
        callouts
    }

    /// Does all that is to be done, and what comes of doing it.
    pub(super) fn settle(&mut self, work: Work) {
        if !work.is_empty() {
            self.settle_all(work);
        }
    }

    /// Out of line, as all that most requests don't need: the code that they run is to stand close together.
    #[inline(never)]
    fn settle_all(&mut self, mut work: Work) {
        for _ in 0..ROUNDS {
            if work.is_empty() {
                return;
            }
            let mut next = Work::default();
            for (seat, flight, callout) in work.callouts {
                next.join(self.dispatch(&seat, flight, &callout));
            }
            for exchange in work.woken {
                next.join(self.resume(exchange));
            }
            work = next;
        }
        self.give_up(work);
    }

    /// Ends what doesn't come to rest: nobody is left waiting for a callout that was never sent.
    fn give_up(&mut self, work: Work) {
        let mut woken = work.woken;
        for (seat, flight, callout) in work.callouts {
            let error = Err(CalloutError::Unsendable);
            let sent = (flight, &*callout.cluster);
            woken.extend(self.vm.reply(&seat, sent, error).woken);
        }
        for exchange in woken {
            let held = self.vm.with(|tables| tables.take(exchange));
            if let Some(Some((stream, _))) = held {
                self.refuse(stream, Refusal::Unsettled);
            }
        }
    }

    /// Sends one callout.
    ///
    /// It is sent in the engine's root, which outlives every stream. Envoy 1.40 attributes it to the root of the effective
    /// context by itself (the reply comes even where the stream that sent it is gone), but the ABI doesn't promise that,
    /// and the effective context may be a stream of another engine's root.
    fn dispatch(&mut self, seat: &Rc<Seat>, flight: FlightId, callout: &Callout) -> Work {
        let pairs: Vec<(&[u8], &[u8])> = callout
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let headers = HeaderMap::from_pairs(&pairs);
        self.vm.with(|tables| tables.early = Some(Vec::new()));
        let sent = self.act_as(seat.root).and_then(|()| {
            let timeout = milliseconds(callout.timeout);
            abi::http_call(&callout.cluster, headers.as_wire(), &callout.body, timeout)
        });
        let early = self.vm.with(|tables| tables.early.take());
        let early = early.flatten().unwrap_or_default();
        match sent {
            Ok(token) => match early.into_iter().find(|(of, _)| *of == token) {
                Some((_, reply)) => self.vm.reply(seat, (flight, &callout.cluster), reply),
                None => {
                    let flight = Flight {
                        seat: Rc::clone(seat),
                        id: flight,
                        cluster: callout.cluster.clone(),
                        max_bytes: callout.max_bytes,
                    };
                    self.vm.with(|tables| tables.flights.insert(token, flight));
                    Work::default()
                }
            },
            Err(failure) => {
                if !reply::is_of_callout(&failure) {
                    self.vm.events.trouble(&failure);
                }
                let error = Err(reply::unsent(&failure));
                self.vm.reply(seat, (flight, &callout.cluster), error)
            }
        }
    }

    /// Resumes an exchange that we still hold.
    fn resume(&mut self, exchange: ExchangeId) -> Work {
        let mut work = Work::default();
        let held = self.vm.with(|tables| tables.take(exchange));
        let Some(Some((stream, Waiting { suspended, seat }))) = held else {
            return work;
        };
        let callouts = self.step(stream, &seat, |engine, edits, inputs, observer| {
            suspended.resume(engine, edits, inputs, observer)
        });
        work.send(&seat, callouts);
        work
    }

    #[inline(always)]
    fn perform(
        &mut self,
        stream: ContextId,
        seat: &Rc<Seat>,
        step: Step,
        edits: &mut Edits,
        notes: Option<&Notes>,
    ) {
        if let Some(notes) = notes {
            self.note(stream, seat, notes);
        }
        match step {
            Step::Continue => self.go_on(stream, edits),
            Step::Respond(response) => self.respond(stream, edits, &response),
            Step::Wait(waiting) => self.hold(stream, seat, waiting.suspended),
        }
    }

    #[inline(never)]
    fn note(&mut self, stream: ContextId, seat: &Seat, notes: &Notes) {
        let noted = self.act_as(stream).and_then(|()| notes.set(seat));
        // A log that lacks a word is no reason to deny.
        if let Err(failure) = noted {
            self.vm.events.trouble(&failure);
        }
    }

    #[inline(never)]
    fn hold(&mut self, stream: ContextId, seat: &Rc<Seat>, suspended: Suspended) {
        let seat = Rc::clone(seat);
        let waiting = Waiting { suspended, seat };
        self.vm.with(|tables| tables.hold(stream, waiting));
    }

    #[inline(always)]
    fn go_on(&mut self, stream: ContextId, edits: &mut Edits) {
        if let Err(failure) = self.edit_request(stream, edits) {
            return self.not_performed(stream, &failure);
        }
        if !edits.response.is_empty() {
            let edits = std::mem::take(&mut edits.response);
            self.vm.with(|tables| tables.edit_later(stream, edits));
        }
        if self.deciding == Some(stream) {
            self.action = Action::Continue;
        } else {
            self.let_go(stream);
        }
    }

    /// Continues a stream that was held.
    #[inline(never)]
    fn let_go(&mut self, stream: ContextId) {
        // The host lets the request go once this callback is over, and takes its headers from us at once: all edits
        // come before. Without the stream as the effective context the host says "ok", does nothing, and the request
        // hangs (tried on Envoy 1.40).
        let continued = self.act_as(stream).and_then(|()| abi::continue_request());
        if let Err(failure) = continued {
            // They are for a response of the upstream's. Our denial is a response too, and its edits could fail as well.
            self.vm.with(|tables| tables.edits(stream));
            self.not_performed(stream, &failure);
        }
    }

    #[cold]
    #[inline(never)]
    fn not_performed(&mut self, stream: ContextId, failure: &Failure) {
        self.vm.events.trouble(failure);
        self.refuse(stream, Refusal::NotPerformed);
    }

    /// Edits the response of the stream that this callback is about.
    pub(super) fn edit_response(&mut self, stream: ContextId, edits: &[Edit]) {
        match self.edit(stream, MapKind::Response, edits) {
            Ok(()) => self.action = Action::Continue,
            Err(failure) => self.not_performed(stream, &failure),
        }
    }

    #[inline(always)]
    fn edit_request(&mut self, stream: ContextId, edits: &Edits) -> Result<(), Failure> {
        if let Some(path) = edits.path() {
            self.act_as(stream)?;
            edit::path(path)?;
        }
        self.edit(stream, MapKind::Request, &edits.request)
    }

    #[inline(always)]
    fn edit(&mut self, stream: ContextId, map: MapKind, edits: &[Edit]) -> Result<(), Failure> {
        if edits.is_empty() {
            return Ok(());
        }
        self.act_as(stream)?;
        edit::headers(map, edits)
    }

    #[inline(never)]
    fn respond(&mut self, stream: ContextId, edits: &Edits, response: &Response) {
        let pairs: Vec<(&[u8], &[u8])> = response
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let headers = HeaderMap::from_pairs(&pairs);
        self.answer(stream, |turn| {
            // Envoy's access log shows the path that the request has when it is answered (tried on 1.40). One that shows
            // a credential is no reason not to answer.
            if let Err(failure) = edits.path().map_or(Ok(()), edit::path) {
                turn.vm.events.trouble(&failure);
            }
            abi::send_local_response(
                response.status,
                headers.as_wire(),
                &response.body,
                &response.details,
                response.grpc_status,
            )
        });
    }

    /// Denies by ourselves. A stream whose denial fails too stays held.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, stream: ContextId, refusal: Refusal) {
        self.vm.events.refused(stream, refusal);
        self.answer(stream, |_| refusal.answer());
    }

    /// Answers a stream, once: a second local response would end Envoy itself. (One that waits is taken out of the tables
    /// before, so that no later turn finds it.)
    fn answer(&mut self, stream: ContextId, send: impl FnOnce(&Self) -> Result<(), Failure>) {
        if self.answered.replace(stream) == Some(stream) {
            return;
        }
        if self.deciding == Some(stream) {
            self.action = Action::Pause;
        }
        let sent = self.act_as(stream).and_then(|()| send(self));
        if let Err(failure) = sent {
            self.vm.events.trouble(&failure);
        }
    }

    /// Has the following host calls attributed to `context`. What the host says where the context is gone is an error
    /// here too: calls that follow would hit another context.
    fn act_as(&mut self, context: ContextId) -> Result<(), Failure> {
        if self.effective != context {
            abi::set_effective_context(context)?;
            self.effective = context;
        }
        Ok(())
    }
}
