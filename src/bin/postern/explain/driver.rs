//! A driver of the engine without a gateway. Its clock moves when an exchange waits. Sources reply from files.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use postern::config::Config;
use postern::engine::{
    Engine, ExchangeId, FlightId, HostKey, HostProperty, HostVerifier, Inputs, SignatureCheck,
    Step, Store, Waiting,
};
use postern::http::{Callout, CalloutError, Edits, HeaderMap, Reply, Request, Response};
use postern::internals::crypto::NativeVerifier;
use postern::internals::random::Random;
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;

use super::apollo::ApolloSources;
use super::consul::ConsulSources;
use super::etcd::EtcdSources;
use super::issuers::Issuers;
use super::kubernetes::KubernetesSources;
use super::nacos::NacosSources;
use super::trace::Trace;
use crate::terminal::printable;

/// The reply of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SourceReply {
    /// 200 with this body.
    Content(Vec<u8>),
    /// This status without a body.
    Status(u16),
}

/// The replies of sources.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceReplies {
    /// By the name of a watched source.
    pub(crate) documents: BTreeMap<String, SourceReply>,
    /// By the name of a source on demand and the key.
    pub(crate) on_demand: BTreeMap<(String, String), SourceReply>,
    /// Header fields of these replies.
    pub(crate) headers: Vec<((String, String), (String, String))>,
}

/// The last step of an exchange.
#[derive(Debug)]
pub(crate) enum FinalStep {
    Continue(Edits),
    Respond(Response),
}

/// An engine and everything that it asks a host for.
pub(crate) struct Driver {
    engine: Engine,
    replies: SourceReplies,
    issuers: Issuers,
    apollo: ApolloSources,
    consul: ConsulSources,
    etcd: EtcdSources,
    nacos: NacosSources,
    kubernetes: KubernetesSources,
    /// The sources whose requests are built from the values of a client's request.
    by_template: BTreeSet<String>,
    /// Those that may get a client's credential.
    with_credentials: BTreeSet<String>,
    shared_data: LocalData,
    clock: Clock,
    /// What happened to sources before the first request, as messages.
    loaded: Vec<String>,
}

/// The time, random numbers that are the same in each run, so that an explanation doesn't change by itself, and the client's
/// address.
struct Clock(Timestamp, Random, Option<SocketAddr>);

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
        self.1.next()
    }

    fn property(&mut self, property: HostProperty) -> Option<Vec<u8>> {
        match property {
            HostProperty::SourceAddress => Some(self.2?.to_string().into_bytes()),
        }
    }
}

/// The number of ticks in which sources load their documents.
const LOADING_TICKS: usize = 20;

/// The beginning of a login by client credentials, and its answer: a file holds the document, and not what another server says.
const LOGIN: &[u8] = b"grant_type=client_credentials";
const TOKEN: &[u8] = br#"{"access_token": "explain", "token_type": "Bearer"}"#;

/// How often an exchange can wait. More is a bug.
const MAX_WAITS: usize = 64;

impl Driver {
    /// Makes an engine at the time `start`, and lets its sources load their documents.
    pub(crate) fn new(
        config: &Config,
        policy: Policy,
        replies: SourceReplies,
        start: Timestamp,
    ) -> Self {
        let mut trace = Trace::default();
        let engine = Engine::new(Arc::new(policy), &Store::new(1), &mut trace);
        let mut driver = Self {
            engine,
            replies,
            issuers: Issuers::new(config),
            apollo: ApolloSources::new(config),
            consul: ConsulSources::new(config),
            etcd: EtcdSources::new(config),
            nacos: NacosSources::new(config),
            kubernetes: KubernetesSources::new(config),
            by_template: by_template(config),
            with_credentials: with_credentials(config),
            shared_data: LocalData::default(),
            clock: Clock(start, Random::seeded(1), None),
            loaded: Vec::new(),
        };
        if let Some(period) = driver.engine.tick_period() {
            for _ in 0..LOADING_TICKS {
                driver.pass(period, &mut trace);
            }
        }
        driver.loaded = trace.sources;
        driver
    }

    /// The address that the next requests come from. Without it the address is unknown.
    pub(super) const fn come_from(&mut self, address: SocketAddr) {
        self.clock.2 = Some(address);
    }

    /// Performs the exchange of one request.
    pub(crate) fn exchange(&mut self, headers: &HeaderMap) -> Result<(FinalStep, Trace), String> {
        let mut trace = Trace {
            sources: self.loaded.clone(),
            ..Trace::default()
        };
        let request = Request::new(headers.view());
        let mut edits = Edits::default();
        let (engine, clock) = (&mut self.engine, &mut self.clock);
        let mut step = engine.start(&request, &mut edits, clock, &mut trace);
        for _ in 0..MAX_WAITS {
            step = match step {
                Step::Continue => return Ok((FinalStep::Continue(edits), trace)),
                Step::Respond(response) => return Ok((FinalStep::Respond(*response), trace)),
                Step::Wait(waiting) => {
                    let Waiting {
                        suspended,
                        deadline,
                    } = *waiting;
                    if !self.serve(&mut trace).contains(&suspended.id()) {
                        let span = deadline.since(self.clock.0);
                        self.pass(span, &mut trace);
                    }
                    trace.restart();
                    let (engine, clock) = (&mut self.engine, &mut self.clock);
                    suspended.resume(engine, &mut edits, clock, &mut trace)
                }
            };
        }
        Err("the exchange waits too often".to_owned())
    }

    /// Moves the clock, and lets the engine do what is due by then.
    fn pass(&mut self, span: Duration, trace: &mut Trace) {
        self.clock.0 = self.clock.0.after(span);
        let now = self.clock.0;
        // `exchange` resumes its request by itself.
        let _ = self.engine.tick(now, &mut self.shared_data, trace);
        self.serve(trace);
        // A large document is read in slices. The clock doesn't move meanwhile.
        while self.engine.is_reading() {
            let _ = self.engine.tick(now, &mut self.shared_data, trace);
        }
    }

    /// Replies to every callout that the engine wants to send.
    fn serve(&mut self, trace: &mut Trace) -> Vec<ExchangeId> {
        let mut woken = Vec::new();
        loop {
            let callouts: Vec<(FlightId, Callout)> = self.engine.callouts();
            if callouts.is_empty() {
                return woken;
            }
            for (flight, callout) in callouts {
                let mut reply = self.reply_to(flight, &callout, trace);
                if let Ok(reply) = &mut reply {
                    self.add_headers(flight, reply);
                }
                let more =
                    self.engine
                        .reply(flight, reply, self.clock.0, &mut self.shared_data, trace);
                woken.extend(more.0);
            }
        }
    }

    /// Adds the header fields that a reply is to have.
    fn add_headers(&self, flight: FlightId, reply: &mut Reply) {
        let Some(asked) = self.engine.asked(flight) else {
            return;
        };
        let Some(key) = asked.key.as_deref().map(printable) else {
            return;
        };
        let is_own = |((source, own), _): &&((String, String), (String, String))| {
            *own == key && asked.sources.contains(&source.as_str())
        };
        let own = self.replies.headers.iter().filter(is_own);
        let own = own.map(|(_, (name, value))| (name.as_bytes(), value.as_bytes()));
        let pairs: Vec<_> = reply.headers.view().iter().chain(own).collect();
        reply.headers = HeaderMap::from_pairs(&pairs);
    }

    fn reply_to(
        &self,
        flight: FlightId,
        callout: &Callout,
        trace: &mut Trace,
    ) -> Result<Reply, CalloutError> {
        let asked = self.engine.asked(flight).ok_or(CalloutError::NoReply)?;
        let mut names = asked.sources.iter();
        let metadata = names.find_map(|name| self.issuers.metadata(name, callout));
        if let Some(metadata) = metadata {
            return Ok(reply(&SourceReply::Content(metadata)));
        }
        if callout.body.starts_with(LOGIN) {
            return Ok(reply(&SourceReply::Content(TOKEN.to_vec())));
        }
        let is_by_template = asked
            .sources
            .iter()
            .any(|name| self.by_template.contains(*name));
        let key = if is_by_template {
            Some(request_line(callout))
        } else {
            asked.key.as_deref().map(printable)
        };
        let found = asked.sources.iter().find_map(|name| match &key {
            Some(key) => {
                let entry = ((*name).to_owned(), key.clone());
                self.replies.on_demand.get(&entry)
            }
            None => self.replies.documents.get(*name),
        });
        if let Some(found) = found {
            let mut names = asked.sources.iter();
            let document = match found {
                SourceReply::Content(document) => document,
                // So etcd says that there is no such key.
                SourceReply::Status(404) => {
                    let of_consul = names.clone().find_map(|name| self.consul.nothing(name));
                    if let Some(nothing) = of_consul {
                        return Ok(nothing);
                    }
                    let nothing = names.find_map(|name| self.etcd.nothing(name));
                    let nothing = nothing.map(SourceReply::Content);
                    return Ok(reply(nothing.as_ref().unwrap_or(found)));
                }
                SourceReply::Status(_) => return Ok(reply(found)),
            };
            let mut names = asked.sources.iter();
            let answer = names.find_map(|name| {
                let of_nacos = self.nacos.answer(name, callout, document);
                of_nacos.or_else(|| self.consul.answer(name, callout, document))
            });
            if let Some(answer) = answer {
                return Ok(answer);
            }
            let mut names = asked.sources.iter();
            let answer = names.find_map(|name| {
                let of_etcd = self.etcd.answer(name, document);
                let other = of_etcd.or_else(|| self.kubernetes.answer(name, callout, document));
                other.or_else(|| self.apollo.answer(name, document))
            });
            let content = answer.map(SourceReply::Content);
            return Ok(reply(content.as_ref().unwrap_or(found)));
        }
        self.note_silence(&asked.sources, key.as_deref(), trace);
        Err(CalloutError::NoReply)
    }

    /// Notes that sources don't reply, and how they would.
    fn note_silence(&self, sources: &[&str], key: Option<&str>, trace: &mut Trace) {
        for name in sources {
            let option = match key {
                // Its keys are tokens, which nobody may see.
                Some(_) if is_introspection(name) => format!("--reply {name}:TOKEN=FILE"),
                // The request may have a client's credential.
                Some(_) if self.with_credentials.contains(*name) => {
                    format!("--reply '{name}:METHOD PATH=FILE'")
                }
                Some(key) if self.by_template.contains(*name) => {
                    format!("--reply '{name}:{key}=FILE'")
                }
                Some(key) => format!("--reply {name}:{key}=FILE"),
                None => format!("--document {name}=FILE"),
            };
            trace.note(format!(
                "`{name}` doesn't reply: give it a reply by {option}"
            ));
        }
    }
}

/// The names of the sources that may get a client's credential.
fn with_credentials(config: &Config) -> BTreeSet<String> {
    let routes = config.routes.iter();
    let lookups = routes.flat_map(|route| &route.lookup);
    lookups
        .filter(|lookup| !lookup.value.send_credentials.is_empty())
        .map(|lookup| lookup.value.source.clone())
        .collect()
}

/// The names of the sources whose requests are built from the values of a client's request.
fn by_template(config: &Config) -> BTreeSet<String> {
    let sources = config.sources.iter();
    sources
        .filter(|source| source.value.is_by_template())
        .map(|source| source.name.clone())
        .collect()
}

/// The method and the path of a request.
fn request_line(callout: &Callout) -> String {
    let field = |name: &str| {
        let mut headers = callout.headers.iter();
        let found = headers.find(|(own, _)| **own == *name.as_bytes());
        found.map_or_else(String::new, |(_, value)| printable(value))
    };
    format!("{} {}", field(":method"), field(":path"))
}

/// Whether a provider asks this source about tokens.
fn is_introspection(source: &str) -> bool {
    source.starts_with("providers.") && source.ends_with(".introspection")
}

fn reply(written: &SourceReply) -> Reply {
    let (status, body) = match written {
        SourceReply::Content(content) => ("200".to_owned(), content.clone()),
        SourceReply::Status(status) => (status.to_string(), Vec::new()),
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", &*status)]),
        body,
    }
}
