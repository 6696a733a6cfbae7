//! The adapter as a gate: callbacks driven below their `extern "C"` edge, over a fake host.

use std::collections::BTreeMap;
use std::time::Duration;

use postern::host::fake::{Driver, FakeVm, LocalResponse, RequestOutcome, World as Clock};
use postern::host::{CallToken, ContextId, VmSeed};
use postern::time::Timestamp;

use crate::case::{CaseFile, Request, UpstreamAnswer, json_of};
use crate::corpus::Gate;
use crate::logged::config_error;
use crate::outcome::{Answer, Delivery, Exchange, Outcome, Pairs};
use crate::upstream::{upstream_answer, upstream_of};
use crate::world::{CalloutResult, World};

/// The level of errors in the host's log.
const ERROR: u32 = 4;

#[derive(Debug)]
pub(crate) struct AdapterGate {
    vm: FakeVm,
    root: ContextId,
    clock: Clock,
    world: World,
    upstreams: BTreeMap<String, UpstreamAnswer>,
    /// Callouts that will never be answered, and when their time is up.
    silent: Vec<(CallToken, Timestamp)>,
}

impl AdapterGate {
    /// A VM with the file's policy that has loaded its watched documents.
    pub(crate) fn open(file: &CaseFile, driver: Driver) -> Result<Self, String> {
        let json = json_of(file.policy.as_deref().unwrap_or_default())?;
        let mut gate = Self::bare(file, driver);
        if !gate.vm.configure(gate.root, json.as_bytes()) {
            return Err(gate.errors().join("\n"));
        }
        if let Some(period) = gate.period() {
            for _ in 0..20 {
                gate.pass_and_tick(period)?;
            }
        }
        Ok(gate)
    }

    /// What the adapter logs of a policy that it refuses; nothing where it takes it.
    pub(crate) fn refuse(json: &str, file: &CaseFile) -> Vec<String> {
        let gate = Self::bare(file, Driver::Wasm);
        if gate.vm.configure(gate.root, json.as_bytes()) {
            return Vec::new();
        }
        let errors = gate.errors();
        errors
            .iter()
            .filter_map(|line| config_error(line))
            .collect()
    }

    fn bare(file: &CaseFile, driver: Driver) -> Self {
        let clock = Clock::at(Timestamp::from_nanos(1_800_000_000_000_000_000));
        for (name, value) in &file.env {
            clock.set_variable(name, value);
        }
        let vm = FakeVm::start(&clock, driver, VmSeed::of(7, 77));
        vm.script().clusters.insert("centre".into());
        let root = vm.root();
        Self {
            vm,
            root,
            clock,
            world: World::new(file),
            upstreams: file.upstreams.clone(),
            silent: Vec::new(),
        }
    }

    fn errors(&self) -> Vec<String> {
        let host = self.vm.host();
        let errors = host.logs.iter().filter(|(level, _)| *level == ERROR);
        errors.map(|(_, line)| line.clone()).collect()
    }

    fn period(&self) -> Option<Duration> {
        let period = self.vm.host().ticks.get(&self.root).copied()?;
        (period > 0).then(|| Duration::from_millis(period.into()))
    }

    fn pass_and_tick(&mut self, span: Duration) -> Result<(), String> {
        self.clock.pass(span);
        self.vm.tick(self.root);
        self.serve()
    }

    /// Answers every callout that was sent, and those whose time is up.
    fn serve(&mut self) -> Result<(), String> {
        let now = self.clock.now();
        let due = |(_, until): &(CallToken, Timestamp)| *until <= now;
        let over: Vec<_> = self.silent.iter().copied().filter(due).collect();
        self.silent.retain(|flight| !due(flight));
        for (token, _) in over {
            self.vm.fail(token);
        }
        loop {
            let known = |token| self.silent.iter().any(|(silent, _)| *silent == token);
            let sent = self.vm.callouts();
            let Some(callout) = sent.into_iter().find(|sent| !known(sent.token)) else {
                return Ok(());
            };
            if callout.context != self.root {
                return Err("a callout of a stream's: it would die with it".into());
            }
            let headers = callout.headers.iter().map(|(name, value)| (name, value));
            match self
                .world
                .ask(callout.cluster.as_bytes(), headers, &callout.body)?
            {
                CalloutResult::Silent => {
                    let until = now.after(callout.timeout);
                    self.silent.push((callout.token, until));
                }
                CalloutResult::Down => self.vm.fail(callout.token),
                CalloutResult::Reply(headers, body) => {
                    self.vm.reply(callout.token, &headers, &body)
                }
            }
        }
    }

    fn decided(&mut self, stream: ContextId, request: &Pairs) -> Result<RequestOutcome, String> {
        let mut became = self.vm.request(stream, request);
        self.serve()?;
        let mut waited = Duration::ZERO;
        while became == RequestOutcome::Held || self.vm.outcome(stream) == RequestOutcome::Held {
            let Some(period) = self.period() else {
                return Err("a request is held, and no tick will come".into());
            };
            if waited > Duration::from_secs(60) {
                return Err("a request is held for ever".into());
            }
            became = self.vm.outcome(stream);
            if became == RequestOutcome::Held {
                self.pass_and_tick(period)?;
                waited = waited.saturating_add(period);
                became = self.vm.outcome(stream);
            }
        }
        Ok(became)
    }
}

impl Gate for AdapterGate {
    fn exchange(&mut self, request: &Request, _callouts: usize) -> Result<Exchange, String> {
        self.world.asked();
        let stream = self.vm.stream(self.root);
        let outcome = match self.decided(stream, &request.pairs())? {
            RequestOutcome::Forwarded(request) => Outcome::Forwarded(Delivery {
                upstream: upstream_of(&request)?,
                response: self
                    .vm
                    .response(stream, &upstream_answer(&self.upstreams, &request))
                    .ok_or("the response is held")?,
                request,
            }),
            RequestOutcome::Answered(response) => Outcome::Answered(answer(response)),
            RequestOutcome::Held => return Err("a request is held for ever".into()),
        };
        self.vm.delete(stream);
        let violations = self.vm.violations();
        if !violations.is_empty() {
            return Err(format!("Envoy would choke: {violations:?}"));
        }
        Ok(Exchange {
            outcome,
            callouts: self.world.asked(),
        })
    }

    fn pass(&mut self, span: Duration) {
        self.clock.pass(span);
    }
}

fn answer(response: LocalResponse) -> Answer {
    Answer {
        status: u16::try_from(response.status).unwrap_or(0),
        headers: response.headers,
        body: response.body,
        grpc: u8::try_from(response.grpc_status).ok(),
        details: response.details,
        logged: response.path,
    }
}
