//! Performs what an engine decided.

use std::rc::Rc;

use crate::engine::{Engine, FlightId, Inputs, Step, Suspended};
use crate::http::{Callout, Edit, Edits, HeaderMap, Headers, LateEdits, Request, Response};

use super::hostcalls::{Action, Failure, Host, MapKind, Status};
use super::id::ContextId;
use super::instance::PolicyInstance;
use super::log::{EventLog, EventSink, LogProperties};
use super::refusal::Refusal;
use super::stream::{PendingEdits, WaitingExchange, Work, edit_headers, edit_path};
use super::vm::{Vm, with_engine};

/// Performs steps during one callback: it knows which context the host's calls are attributed to, and what the callback will
/// answer.
#[derive(Debug)]
pub(super) struct Performer<'a, H> {
    pub(super) vm: &'a Vm<H>,
    /// The effective context: the callback's own at first.
    effective: ContextId,
    /// The stream of this callback, if the callback is for headers. It goes on by the callback's answer: a host call to
    /// continue it, inside of its own callback, would run its filters twice.
    deciding: Option<ContextId>,
    /// The stream that the filter answered last.
    answered: Option<ContextId>,
    action: Action,
}

impl<'a, H: Host> Performer<'a, H> {
    /// For a callback of `context`.
    pub(super) const fn of(vm: &'a Vm<H>, context: ContextId) -> Self {
        Self {
            vm,
            effective: context,
            deciding: None,
            answered: None,
            action: Action::Pause,
        }
    }

    /// For a callback that holds `stream` until a step lets it go on.
    pub(super) const fn deciding(vm: &'a Vm<H>, stream: ContextId) -> Self {
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

    /// Decides a request and performs the result.
    pub(super) fn decide(&mut self, stream: ContextId, instance: &Rc<PolicyInstance>) {
        let map = match self.vm.host.headers(MapKind::Request) {
            Ok(map) => map,
            Err(failure) => {
                self.vm.log.trouble(&failure);
                return self.refuse(stream, Refusal::Unreadable);
            }
        };
        // A request has headers; the host gives an empty map where there are none to read.
        match Headers::parse(&map) {
            Ok(headers) if !headers.is_empty() => {
                self.decide_by(&Request::new(headers), stream, instance);
            }
            Ok(_) | Err(_) => self.refuse(stream, Refusal::Unreadable),
        }
        self.vm.host.recycle(map);
    }

    fn decide_by(
        &mut self,
        request: &Request<'_>,
        stream: ContextId,
        instance: &Rc<PolicyInstance>,
    ) {
        let callouts = self.step(stream, instance, |engine, edits, inputs, observer| {
            engine.start(request, edits, inputs, observer)
        });
        if !callouts.is_empty() {
            let mut work = Work::default();
            work.send(instance, callouts);
            self.settle_all(work);
        }
    }

    /// Takes the next step of a stream and performs it. Returns the callouts that its engine wants sent.
    pub(super) fn step(
        &mut self,
        stream: ContextId,
        instance: &Rc<PolicyInstance>,
        next: impl FnOnce(&mut Engine, &mut Edits, &mut dyn Inputs, &mut EventSink<'_>) -> Step,
    ) -> Vec<(FlightId, Callout)> {
        // Borrowed only where the host calls back about another request from within the calls that perform a step. Envoy doesn't.
        let Ok(mut edits) = self.vm.edits.try_borrow_mut() else {
            self.refuse(stream, Refusal::NoEngine);
            return Vec::new();
        };
        // What the host is asked for is a property of this stream.
        if let Err(failure) = self.act_as(stream) {
            self.not_performed(stream, &failure);
            return Vec::new();
        }
        let mut inputs = self.vm.inputs();
        let mut observer = self.vm.log.collecting(
            self.vm.clock.last(),
            &instance.events,
            &instance.log_properties,
        );
        let stepped = with_engine(instance, |engine| {
            next(engine, &mut edits, &mut inputs, &mut observer)
        });
        let Some((step, callouts)) = stepped else {
            self.refuse(stream, Refusal::NoEngine);
            return Vec::new();
        };
        if let Some((refusal, failure)) = &inputs.failure {
            self.vm.log.trouble(failure);
            self.refuse(stream, *refusal);
        } else {
            self.perform(
                stream,
                instance,
                step,
                &mut edits,
                observer.properties.as_deref(),
            );
        }
        callouts
    }

    fn perform(
        &mut self,
        stream: ContextId,
        instance: &Rc<PolicyInstance>,
        step: Step,
        edits: &mut Edits,
        properties: Option<&LogProperties>,
    ) {
        if let Some(properties) = properties {
            self.set_properties(stream, instance, properties);
        }
        match step {
            Step::Continue => self.go_on(stream, edits),
            Step::Respond(response) => self.respond(stream, edits, &response),
            Step::Wait(waiting) => self.hold(stream, instance, waiting.suspended),
        }
    }

    #[inline(never)]
    fn set_properties(
        &mut self,
        stream: ContextId,
        instance: &PolicyInstance,
        properties: &LogProperties,
    ) {
        let (wanted, policy) = (&instance.log_properties, instance.fingerprint);
        let set = self.act_as(stream);
        let set = set.and_then(|()| properties.set(&self.vm.host, wanted, policy));
        // A log that lacks a property is no reason to deny.
        if let Err(failure) = set {
            self.vm.log.trouble(&failure);
        }
    }

    #[inline(never)]
    fn hold(&mut self, stream: ContextId, instance: &Rc<PolicyInstance>, suspended: Suspended) {
        let instance = Rc::clone(instance);
        let waiting = WaitingExchange {
            suspended,
            instance,
        };
        self.vm.with(|tables| tables.hold(stream, waiting));
    }

    fn go_on(&mut self, stream: ContextId, edits: &mut Edits) {
        if let Err(failure) = self.edit_request(stream, edits) {
            return self.not_performed(stream, &failure);
        }
        if edits.late.is_some() || !edits.response.is_empty() {
            self.edit_later(stream, edits);
        }
        if self.deciding == Some(stream) {
            self.action = Action::Continue;
        } else {
            self.let_go(stream);
        }
    }

    #[inline(never)]
    fn edit_later(&self, stream: ContextId, edits: &mut Edits) {
        let pending = match edits.late.take() {
            Some(late) => PendingEdits::Late(late),
            None => PendingEdits::Known(std::mem::take(&mut edits.response).into()),
        };
        self.vm.with(|tables| tables.edit_later(stream, pending));
    }

    /// Continues a stream that was held.
    #[inline(never)]
    fn let_go(&mut self, stream: ContextId) {
        // The host lets the request go once this callback is over, and takes its headers from us at once: all edits
        // come before. Without the stream as the effective context the host says "ok", does nothing, and the request
        // hangs (tried on Envoy 1.40).
        let continued = self
            .act_as(stream)
            .and_then(|()| self.vm.host.continue_request());
        if let Err(failure) = continued {
            // The edits are for a response of the upstream. The denial is a response too, and edits of it could fail as well.
            self.vm.with(|tables| tables.edits(stream));
            self.not_performed(stream, &failure);
        }
    }

    #[cold]
    #[inline(never)]
    fn not_performed(&mut self, stream: ContextId, failure: &Failure) {
        self.vm.log.trouble(failure);
        self.refuse(stream, Refusal::NotPerformed);
    }

    /// Edits the response of the stream that this callback is about.
    pub(super) fn edit_response(&mut self, stream: ContextId, edits: PendingEdits) {
        let edited = match edits {
            PendingEdits::Known(edits) => self.edit(stream, MapKind::Response, &edits),
            PendingEdits::Late(edits) => self.edit_by_response(stream, &edits),
        };
        match edited {
            Ok(()) => self.action = Action::Continue,
            Err(failure) => self.not_performed(stream, &failure),
        }
    }

    #[inline(never)]
    fn edit_by_response(&mut self, stream: ContextId, edits: &LateEdits) -> Result<(), Failure> {
        let map = self.vm.host.headers(MapKind::Response)?;
        // A response has headers; the host gives an empty map where there are none to read.
        let edits = match Headers::parse(&map) {
            Ok(headers) if !headers.is_empty() => Some(edits.decide(&headers)),
            Ok(_) | Err(_) => None,
        };
        self.vm.host.recycle(map);
        let unreadable = Failure {
            call: "proxy_get_header_map_pairs",
            status: Status::INTERNAL_FAILURE,
        };
        self.edit(stream, MapKind::Response, &edits.ok_or(unreadable)?)
    }

    fn edit_request(&mut self, stream: ContextId, edits: &Edits) -> Result<(), Failure> {
        if let Some(path) = edits.path() {
            self.act_as(stream)?;
            edit_path(&self.vm.host, path)?;
        }
        self.edit(stream, MapKind::Request, &edits.request)
    }

    fn edit(&mut self, stream: ContextId, map: MapKind, edits: &[Edit]) -> Result<(), Failure> {
        if edits.is_empty() {
            return Ok(());
        }
        self.act_as(stream)?;
        edit_headers(&self.vm.host, map, edits)
    }

    #[inline(never)]
    fn respond(&mut self, stream: ContextId, edits: &Edits, response: &Response) {
        let pairs: Vec<(&[u8], &[u8])> = response
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let headers = HeaderMap::from_pairs(&pairs);
        self.answer(stream, |host, log| {
            // Envoy's access log shows the path that the request has when it is answered (tried on 1.40), so a credential is
            // removed from it. Where that fails, the request is answered all the same.
            if let Err(failure) = edits.path().map_or(Ok(()), |path| edit_path(host, path)) {
                log.trouble(&failure);
            }
            host.send_local_response(
                response.status,
                headers.as_wire(),
                &response.body,
                &response.details,
                response.grpc_status,
            )
        });
    }

    /// Denies by the adapter itself. Where the denial fails too, the stream stays held.
    #[cold]
    #[inline(never)]
    pub(super) fn refuse(&mut self, stream: ContextId, refusal: Refusal) {
        self.vm.log.refused(stream, refusal);
        self.answer(stream, |host, _| refusal.answer(host));
    }

    /// Answers a stream once: a second local response would end Envoy. (A stream that waits is taken out of the tables before,
    /// so that no later callback finds it.)
    fn answer(
        &mut self,
        stream: ContextId,
        send: impl FnOnce(&H, &EventLog) -> Result<(), Failure>,
    ) {
        if self.answered.replace(stream) == Some(stream) {
            return;
        }
        if self.deciding == Some(stream) {
            self.action = Action::Pause;
        }
        let sent = self.act_as(stream);
        let sent = sent.and_then(|()| send(&self.vm.host, &self.vm.log));
        if let Err(failure) = sent {
            self.vm.log.trouble(&failure);
        }
    }

    /// Makes `context` the effective one. Where the context is gone, the following calls would go to another one, so the
    /// failure is passed on.
    pub(super) fn act_as(&mut self, context: ContextId) -> Result<(), Failure> {
        if self.effective != context {
            self.vm.host.set_effective_context(context)?;
            self.effective = context;
        }
        Ok(())
    }
}
