//! A driver of the engine that asks the real centres: the filter's own requests, sent by this computer.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use postern::config::MergePart;
use postern::engine::{
    Engine, ExchangeId, FlightId, HostKey, HostVerifier, Inputs, SignatureCheck, SourceReport,
    Step, Store,
};
use postern::http::{Callout, CalloutError, Edits, HeaderMap, Reply, Request};
use postern::internals::crypto::NativeVerifier;
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;

use super::clusters::Clusters;
use super::history::{CalloutTrace, Histories, Watcher};
use super::wire::{self, Unanswered};
use crate::clock;
use crate::explain::{FinalStep, Trace};

/// An engine, and the requests that it has under way.
pub(super) struct Gate {
    pub(super) engine: Engine,
    pub(super) histories: Histories,
    clusters: Clusters,
    asked: Asked,
    shared_data: LocalData,
    sender: Sender<Arrived>,
    arrivals: Receiver<Arrived>,
    under_way: usize,
}

/// Which sources are asked.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// The one that the user has named. All others are left alone.
    pub(super) only: Option<String>,
    /// The parts of the sources that are made of others.
    pub(super) parts: BTreeMap<String, Vec<MergePart>>,
    /// For sources that aren't asked: the variables that they need.
    pub(super) unset: BTreeMap<String, BTreeSet<String>>,
    /// Whether a watched source is asked for its document only once.
    pub(super) once: bool,
}

impl Asked {
    pub(super) fn is_asked(&self, source: &str) -> bool {
        self.is_meant(source) && !self.unset.contains_key(source)
    }

    /// Whether the user means it: all are, or it is the one that is named, or a part of that.
    fn is_meant(&self, source: &str) -> bool {
        let Some(only) = self.only.as_deref() else {
            return true;
        };
        let mut parts = self.parts.get(only).into_iter().flatten();
        only == source || parts.any(|part| part.source == source)
    }
}

/// The result of a callout.
struct Arrived {
    flight: FlightId,
    sources: Vec<String>,
    trace: CalloutTrace,
    result: Result<Reply, CalloutError>,
}

/// How long to wait for a reply before the engine is asked again what is due.
const TURN: Duration = Duration::from_millis(20);

struct Clock;

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
        now()
    }

    fn random(&mut self) -> u64 {
        0
    }
}

fn now() -> Timestamp {
    clock::timestamp(clock::now())
}

impl Gate {
    pub(super) fn new(policy: Policy, clusters: Clusters, asked: Asked) -> Self {
        let mut histories = Histories::default();
        let mut watcher = Watcher {
            histories: &mut histories,
            trace: None,
        };
        let engine = Engine::new(Arc::new(policy), &Store::new(1), &mut watcher);
        let (sender, arrivals) = mpsc::channel();
        Self {
            engine,
            histories,
            clusters,
            asked,
            shared_data: LocalData::default(),
            sender,
            arrivals,
            under_way: 0,
        }
    }

    /// Whether this source is asked.
    pub(super) fn is_asked(&self, source: &str) -> bool {
        self.asked.is_asked(source)
    }

    /// The parts of a source that is made of others.
    pub(super) fn parts(&self, source: &str) -> Option<&[MergePart]> {
        self.asked.parts.get(source).map(Vec::as_slice)
    }

    /// The variables that this source needs and that aren't set.
    pub(super) fn unset(&self, source: &str) -> Option<&BTreeSet<String>> {
        self.asked.unset.get(source)
    }

    /// How many outcomes there were of asking this source.
    pub(super) fn outcomes(&self, source: &str) -> usize {
        self.histories.of(source).outcomes
    }

    /// Whether nothing more is to be expected of a source: it has answered or failed, or isn't asked without a request.
    pub(super) fn is_settled(&self, source: &str) -> bool {
        if let Some(parts) = self.parts(source) {
            return parts.iter().all(|part| self.is_settled(&part.source));
        }
        let reports = self.engine.report(now());
        let is_watched = reports
            .iter()
            .any(|report| matches!(report, SourceReport::Watched { name, .. } if *name == source));
        !is_watched || !self.asked.is_asked(source) || self.outcomes(source) > 0
    }

    /// Whether this source is read on demand.
    pub(super) fn is_on_demand(&self, source: &str) -> bool {
        let reports = self.engine.report(now());
        reports
            .iter()
            .any(|report| matches!(report, SourceReport::OnDemand { name, .. } if *name == source))
    }

    /// Whether nothing is under way: no request, and no document that is read.
    pub(super) fn is_quiet(&self) -> bool {
        self.under_way == 0 && !self.engine.is_reading()
    }

    /// Lets the engine do what is due, sends its requests, and waits a moment for replies.
    pub(super) fn turn(&mut self) -> Vec<ExchangeId> {
        let mut watcher = Watcher {
            histories: &mut self.histories,
            trace: None,
        };
        let woken = self.engine.tick(now(), &mut self.shared_data, &mut watcher);
        let mut woken = woken.0;
        self.send(&mut woken);
        let wait = if self.engine.is_reading() {
            Duration::ZERO
        } else {
            TURN
        };
        let first = self.arrivals.recv_timeout(wait).ok();
        if let Some(arrived) = first {
            self.under_way = self.under_way.saturating_sub(1);
            self.take(arrived, &mut woken);
            self.send(&mut woken);
        }
        woken
    }

    /// Performs the exchange of one request.
    pub(super) fn exchange(&mut self, headers: &HeaderMap) -> (FinalStep, Trace) {
        let mut trace = Trace::default();
        let request = Request::new(headers.view());
        let mut edits = Edits::default();
        let mut watcher = Watcher {
            histories: &mut self.histories,
            trace: Some(&mut trace),
        };
        let engine = &mut self.engine;
        let mut step = engine.start(&request, &mut edits, &mut Clock, &mut watcher);
        loop {
            step = match step {
                Step::Continue => return (FinalStep::Continue(edits), trace),
                Step::Respond(response) => return (FinalStep::Respond(*response), trace),
                Step::Wait(waiting) => {
                    let mut woken = Vec::new();
                    self.send(&mut woken);
                    while !woken.contains(&waiting.suspended.id()) && now() < waiting.deadline {
                        woken.extend(self.turn());
                    }
                    trace.restart();
                    let mut watcher = Watcher {
                        histories: &mut self.histories,
                        trace: Some(&mut trace),
                    };
                    let engine = &mut self.engine;
                    let suspended = waiting.suspended;
                    suspended.resume(engine, &mut edits, &mut Clock, &mut watcher)
                }
            };
        }
    }

    /// Sends what the engine wants to send.
    fn send(&mut self, woken: &mut Vec<ExchangeId>) {
        loop {
            let callouts = self.engine.callouts();
            if callouts.is_empty() {
                return;
            }
            for (flight, callout) in callouts {
                let asked = self.engine.asked(flight);
                let names = asked.iter().flat_map(|asked| &asked.sources);
                let sources: Vec<String> = names.map(|name| (*name).to_owned()).collect();
                let trace = CalloutTrace::new(&callout);
                // A failed source would be asked again and again while others are still under way.
                let is_done = self.asked.once
                    && asked.is_some_and(|asked| asked.key.is_none())
                    && sources.iter().any(|source| self.outcomes(source) > 0);
                let is_asked = sources.iter().any(|source| self.asked.is_asked(source));
                if is_asked && !is_done {
                    self.start(flight, sources, trace, callout);
                } else {
                    let result = Err(CalloutError::Unsendable);
                    let sources = Vec::new();
                    self.take(
                        Arrived {
                            flight,
                            sources,
                            trace,
                            result,
                        },
                        woken,
                    );
                }
            }
        }
    }

    /// Sends one callout, on a thread of its own: another one may have to be sent meanwhile.
    fn start(
        &mut self,
        flight: FlightId,
        sources: Vec<String>,
        mut trace: CalloutTrace,
        callout: Callout,
    ) {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let cluster = text(&callout.cluster);
        let mut headers = callout.headers.iter();
        let named = headers.find(|(name, _)| **name == *b"x-envoy-original-dst-host");
        let named = named.map(|(_, address)| text(address));
        let found = self
            .clusters
            .find(&cluster, named.as_deref(), &trace.authority, &trace.scheme);
        trace.address = found.as_ref().ok().map(ToString::to_string);
        let sender = self.sender.clone();
        self.under_way = self.under_way.saturating_add(1);
        thread::spawn(move || {
            let begun = clock::instant();
            let sent = found
                .map_err(|reason| Unanswered {
                    reason,
                    error: CalloutError::UnknownCluster,
                })
                .and_then(|address| wire::send(&address, &callout));
            trace.took = begun.elapsed();
            let result = match sent {
                Ok(reply) => {
                    trace.status = reply.status();
                    trace.bytes = reply.body.len();
                    Ok(reply)
                }
                Err(unanswered) => {
                    trace.problem = Some(unanswered.reason);
                    Err(unanswered.error)
                }
            };
            // Nobody waits for it if the tool has ended.
            let _ = sender.send(Arrived {
                flight,
                sources,
                trace,
                result,
            });
        });
    }

    fn take(&mut self, arrived: Arrived, woken: &mut Vec<ExchangeId>) {
        for source in &arrived.sources {
            self.histories.answered(source, arrived.trace.clone());
        }
        // What was not sent says nothing about the source.
        let mut nowhere = Histories::default();
        let histories = if arrived.sources.is_empty() {
            &mut nowhere
        } else {
            &mut self.histories
        };
        let mut watcher = Watcher {
            histories,
            trace: None,
        };
        let more = self.engine.reply(
            arrived.flight,
            arrived.result,
            now(),
            &mut self.shared_data,
            &mut watcher,
        );
        woken.extend(more.0);
    }
}
