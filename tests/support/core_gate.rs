//! The core as a gate: an engine, a clock that the test moves, and the case file's config centre.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use postern::engine::{
    Engine, Event, ExchangeId, FlightId, HostKey, HostProperty, HostVerifier, Inputs, Observer,
    Outcome as Decision, SignatureCheck, Step, Store, Waiting,
};
use postern::http::{Callout, CalloutError, Edit, Edits, HeaderMap, Reply, Response};
use postern::internals::crypto::NativeVerifier;
use postern::internals::source::LocalData;
use postern::time::Timestamp;

use crate::case::{CaseFile, Request, UpstreamAnswer, json_of};
use crate::compile::compile;
use crate::corpus::Gate;
use crate::outcome::{Answer, Delivery, Exchange, Outcome, Pairs, values};
use crate::upstream::{upstream_answer, upstream_of};
use crate::world::{CalloutResult, World};

#[derive(Debug)]
struct Clock(Timestamp);

impl HostVerifier for Clock {
    fn verifies(&self, kind: HostKey) -> bool {
        NativeVerifier.verifies(kind)
    }

    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        NativeVerifier.verify_signature(check)
    }
}

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        self.0
    }

    fn random(&mut self) -> u64 {
        0
    }

    fn property(&mut self, property: HostProperty) -> Option<Vec<u8>> {
        match property {
            HostProperty::SourceAddress => Some(b"127.0.0.1:40000".to_vec()),
        }
    }
}

/// Records the decisions.
#[derive(Debug, Default)]
struct Decisions(Vec<(Decision, Option<&'static str>)>);

impl Observer for Decisions {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Decided {
            outcome, reason, ..
        } = event
        {
            self.0.push((*outcome, *reason));
        }
    }
}

#[derive(Debug)]
pub(crate) struct CoreGate {
    engine: Engine,
    upstreams: BTreeMap<String, UpstreamAnswer>,
    /// Every exchange uses the memory of the one before.
    edits: Edits,
    board: LocalData,
    clock: Clock,
    decisions: Decisions,
    world: World,
    /// Callouts without an answer, and the time of their timeout.
    silent: Vec<(FlightId, Timestamp)>,
}

impl CoreGate {
    /// Makes an engine for the file's policy, and loads its watched documents.
    pub(crate) fn open(file: &CaseFile) -> Result<Self, String> {
        let json = json_of(file.policy.as_deref().unwrap_or_default())?;
        let policy = compile(&json, &file.env).map_err(|errors| errors.to_string())?;
        let start = Timestamp::from_nanos(1_800_000_000_000_000_000);
        let mut decisions = Decisions::default();
        let mut gate = Self {
            engine: Engine::new(Arc::new(policy), &Store::new(7), &mut decisions),
            upstreams: file.upstreams.clone(),
            edits: Edits::default(),
            board: LocalData::default(),
            clock: Clock(start),
            decisions,
            world: World::new(file),
            silent: Vec::new(),
        };
        if let Some(period) = gate.engine.tick_period() {
            for _ in 0..20 {
                gate.pass_and_wake(period)?;
            }
        }
        Ok(gate)
    }

    fn pass_and_wake(&mut self, span: Duration) -> Result<Vec<ExchangeId>, String> {
        self.clock.0 = self.clock.0.after(span);
        let now = self.clock.0;
        let mut woken = self
            .engine
            .tick(now, &mut self.board, &mut self.decisions)
            .0;
        woken.extend(self.serve()?);
        Ok(woken)
    }

    /// Answers every new callout, and every callout whose timeout has passed.
    fn serve(&mut self) -> Result<Vec<ExchangeId>, String> {
        let mut woken = Vec::new();
        loop {
            let mut replies = self.overdue();
            for (flight, callout) in self.engine.callouts() {
                match self.answer(&callout)? {
                    Some(reply) => replies.push((flight, reply)),
                    None => {
                        let until = self.clock.0.after(callout.timeout);
                        self.silent.push((flight, until));
                    }
                }
            }
            if replies.is_empty() {
                return Ok(woken);
            }
            for (flight, reply) in replies {
                let now = self.clock.0;
                let more =
                    self.engine
                        .reply(flight, reply, now, &mut self.board, &mut self.decisions);
                woken.extend(more.0);
            }
        }
    }

    fn overdue(&mut self) -> Vec<(FlightId, Result<Reply, CalloutError>)> {
        let now = self.clock.0;
        let due = |(_, until): &(FlightId, Timestamp)| *until <= now;
        let over: Vec<_> = self.silent.iter().copied().filter(due).collect();
        self.silent.retain(|flight| !due(flight));
        over.into_iter()
            .map(|(flight, _)| (flight, Err(CalloutError::NoReply)))
            .collect()
    }

    /// The reply of the config centre; none if it is silent.
    fn answer(&mut self, callout: &Callout) -> Result<Option<Result<Reply, CalloutError>>, String> {
        let headers = callout
            .headers
            .iter()
            .map(|(name, value)| (&**name, &**value));
        Ok(
            match self.world.ask(&callout.cluster, headers, &callout.body)? {
                CalloutResult::Silent => None,
                CalloutResult::Down => Some(Err(CalloutError::NoReply)),
                CalloutResult::Reply(headers, body) => Some(Ok(Reply {
                    headers: HeaderMap::from_pairs(&headers),
                    body,
                })),
            },
        )
    }

    /// Answers callouts until the exchange is woken, at its deadline at the latest.
    fn wake(&mut self, id: ExchangeId, deadline: Timestamp) -> Result<(), String> {
        if self.serve()?.contains(&id) {
            return Ok(());
        }
        while self.clock.0 < deadline {
            let now = self.clock.0;
            let tick = self.engine.tick_period().map(|period| now.after(period));
            let over = self.silent.iter().map(|(_, until)| *until);
            let next = over.chain(tick).fold(deadline, Timestamp::min);
            if self.pass_and_wake(next.since(now))?.contains(&id) {
                return Ok(());
            }
        }
        Err("the exchange is not woken at its deadline".into())
    }

    fn settle(&mut self, mut step: Step) -> Result<(Edits, Option<Response>), String> {
        loop {
            step = match step {
                Step::Continue => return Ok((self.edits.clone(), None)),
                Step::Respond(response) => return Ok((self.edits.clone(), Some(*response))),
                Step::Wait(waiting) => {
                    let Waiting {
                        suspended,
                        deadline,
                    } = *waiting;
                    self.wake(suspended.id(), deadline)?;
                    {
                        let (edits, clock) = (&mut self.edits, &mut self.clock);
                        suspended.resume(&mut self.engine, edits, clock, &mut self.decisions)
                    }
                }
            };
        }
    }
}

impl Gate for CoreGate {
    fn exchange(&mut self, request: &Request, _callouts: usize) -> Result<Exchange, String> {
        self.pass(Duration::from_millis(1));
        self.world.asked();
        self.decisions.0.clear();
        let pairs = request.pairs();
        let map = HeaderMap::from_pairs(&pairs);
        let head = postern::http::Request::new(map.view());
        let step = self
            .engine
            .start(&head, &mut self.edits, &mut self.clock, &mut self.decisions);
        let settled = self.settle(step)?;
        self.serve()?;
        let (outcome, decision) = match settled {
            (edits, None) => (
                Outcome::Forwarded(delivery(pairs, &edits, &self.upstreams)?),
                (Decision::Forwarded, None),
            ),
            (edits, Some(response)) => answer(pairs, &edits, &response)?,
        };
        match self.decisions.0.as_slice() {
            [one] if *one == decision => {}
            [(Decision::Answered, _)] if decision.0 == Decision::Answered => {}
            other => {
                return Err(format!(
                    "the decisions are {other:?}, the result is {decision:?}"
                ));
            }
        }
        Ok(Exchange {
            outcome,
            callouts: self.world.asked(),
        })
    }

    fn pass(&mut self, span: Duration) {
        self.clock.0 = self.clock.0.after(span);
    }
}

/// Applies the edits as a host does.
fn edited(mut pairs: Pairs, edits: &[Edit]) -> Result<Pairs, String> {
    for edit in edits {
        let (Edit::Set(name, _) | Edit::Add(name, _) | Edit::Remove(name)) = edit;
        if name.iter().any(u8::is_ascii_uppercase) {
            return Err(format!(
                "an edit has the name {name:?}, which is not in lower case"
            ));
        }
        match edit {
            Edit::Set(name, value) => {
                let at = pairs.iter().position(|pair| pair.0 == **name);
                pairs.retain(|pair| pair.0 != **name);
                let at = at.unwrap_or(pairs.len()).min(pairs.len());
                pairs.insert(at, (name.to_vec(), value.to_vec()));
            }
            Edit::Add(name, value) => pairs.push((name.to_vec(), value.to_vec())),
            Edit::Remove(name) => pairs.retain(|pair| pair.0 != **name),
        }
    }
    for (name, value) in &pairs {
        if value.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0)) {
            return Err(format!(
                "a control byte in the header {}",
                name.escape_ascii()
            ));
        }
    }
    Ok(pairs)
}

/// Sets the new path, if there is one.
fn with_path(mut pairs: Pairs, edits: &Edits) -> Pairs {
    if let Some(path) = edits.path() {
        pairs.retain(|pair| pair.0 != b":path");
        pairs.push((b":path".to_vec(), path.to_vec()));
    }
    pairs
}

fn delivery(
    pairs: Pairs,
    edits: &Edits,
    upstreams: &BTreeMap<String, UpstreamAnswer>,
) -> Result<Delivery, String> {
    let pairs = with_path(pairs, edits);
    let request = edited(pairs, edits.request())?;
    let upstream = upstream_of(&request)?;
    let came = upstream_answer(upstreams, &request);
    let late = edits.late().map(|late| {
        let map = HeaderMap::from_pairs(&came);
        late.decide(&map.view())
    });
    let response = edited(came, late.as_deref().unwrap_or(edits.response()))?;
    Ok(Delivery {
        request,
        upstream,
        response,
    })
}

/// The answer, and the decision.
type Answered = (Outcome, (Decision, Option<&'static str>));

fn answer(request: Pairs, edits: &Edits, response: &Response) -> Result<Answered, String> {
    if !edits.request().is_empty() || !edits.response().is_empty() || edits.late().is_some() {
        return Err("there are edits for a request that is answered".into());
    }
    let details = String::from_utf8_lossy(&response.details).into_owned();
    let pairs = |(name, value): &(postern::http::Text, postern::http::Text)| {
        (name.to_vec(), value.to_vec())
    };
    let headers: Pairs = response.headers.iter().map(pairs).collect();
    let reason = REASONS
        .into_iter()
        .find(|reason| details == format!("postern_{reason}"));
    let decision = match reason {
        Some(_) => (Decision::Denied, reason),
        None => (Decision::Answered, None),
    };
    let answer = Answer {
        status: response.status,
        headers,
        body: response.body.to_vec(),
        grpc: response.grpc_status,
        details,
        logged: values(&with_path(request, edits), b":path").concat(),
    };
    Ok((Outcome::Answered(answer), decision))
}

/// Every reason of a denial. Dashboards depend on these names.
const REASONS: [&str; 32] = [
    "missing_credential",
    "invalid_credential",
    "malformed_token",
    "unknown_key",
    "invalid_signature",
    "token_expired",
    "token_not_yet_valid",
    "wrong_issuer",
    "wrong_audience",
    "inactive_token",
    "unknown_consumer",
    "verification_overloaded",
    "verification_unavailable",
    "introspection_unavailable",
    "repeated_credential",
    "invalid_claims",
    "insufficient_scope",
    "forbidden",
    "malformed_path",
    "ambiguous_path",
    "missing_path",
    "malformed_host",
    "unclear_match",
    "missing_host",
    "bad_request_value",
    "lookup_missing",
    "lookup_failed",
    "bad_lookup_value",
    "upstream_not_allowed",
    "source_unavailable",
    "keys_unavailable",
    "internal",
];
