//! The measured jobs in the core: policies, requests, and an engine with its documents.
//!
//! `benches/envoy/policies.py` writes the same jobs for a real Envoy, with the same requests.

mod opaque;
mod routing;
mod tokens;

use std::fmt::Write as _;
use std::ops::Range;
use std::sync::Arc;

use postern::config::Config;
use postern::engine::{Engine, Event, HostVerifier, Inputs, Observer, Step, Store};
use postern::http::{Callout, Edits, HeaderMap, Headers, Reply, Request};
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;
use serde_json::{Value, json};

/// A measured job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Job {
    /// A route without checks and changes.
    J0,
    /// A key among 1,000 consumers, 200 routes, path rewritten, key stripped, consumer header set.
    J1,
    /// J1 with keys that are stored as SHA-256.
    J1Sha256,
    /// J1 with tokens (HS256) in the place of keys. Each is new, so it is read and verified.
    J2,
    /// J1 with tokens (HS256) in the place of keys. Each was seen before.
    J3,
    /// J1 and a keyed lookup in a document of 10,000 entries that picks the upstream.
    J4,
    /// J1 with 10,000 routes of distinct hosts and paths, and 10,000 consumers from a document.
    J5,
    /// J1 with opaque tokens in the place of keys. The server was asked about each before.
    J6,
    /// J1 and a lookup by a request that is built of a header, which picks the upstream. The service was asked about each before.
    J7,
    /// The same, and no answer may be remembered. The service's answers cost what it takes to make them, too.
    J8,
    /// J1 with a regular expression for each host, of which two captures are in the new path.
    Regex,
    /// J1 and ten edits of request headers.
    HeaderEdits,
    /// J1 and an upstream by weight, by a header.
    Sticky,
    /// J1 and two edits of the response.
    Response,
}

impl Job {
    pub(crate) const ALL: [Self; 14] = [
        Self::J0,
        Self::J1,
        Self::J1Sha256,
        Self::J2,
        Self::J3,
        Self::J4,
        Self::J5,
        Self::J6,
        Self::J7,
        Self::J8,
        Self::Regex,
        Self::HeaderEdits,
        Self::Sticky,
        Self::Response,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::J0 => "J0",
            Self::J1 => "J1",
            Self::J1Sha256 => "J1-sha256",
            Self::J2 => "J2-HS256",
            Self::J3 => "J3",
            Self::J4 => "J4",
            Self::J5 => "J5",
            Self::J6 => "J6",
            Self::J7 => "J7",
            Self::J8 => "J8",
            Self::Regex => "J1-regex",
            Self::HeaderEdits => "J1-edits",
            Self::Sticky => "J1-sticky",
            Self::Response => "J1-response",
        }
    }

    const fn routes(self) -> usize {
        if matches!(self, Self::J5) {
            MANY
        } else {
            ROUTES
        }
    }

    const fn consumers(self) -> usize {
        if matches!(self, Self::J5) {
            MANY
        } else {
            CONSUMERS
        }
    }

    /// Whether its requests have tokens in the place of keys.
    const fn has_tokens(self) -> bool {
        matches!(self, Self::J2 | Self::J3)
    }

    /// The host of a route.
    fn host(self, route: usize) -> String {
        let is_alone = matches!(self, Self::J5 | Self::Regex);
        let share = if is_alone { 1 } else { SHARE };
        format!("h{:05}.bench.test", route / share)
    }
}

/// The numbers of consumers, routes and entries of the jobs.
pub(crate) const CONSUMERS: usize = 1000;
pub(crate) const ROUTES: usize = 200;
pub(crate) const ENTRIES: usize = 10_000;
const MANY: usize = 10_000;
/// The number of routes for each host.
const SHARE: usize = 10;

/// The policy of a job, as JSON text.
pub(crate) fn policy(job: Job) -> String {
    match job {
        Job::J0 => json!({"routes": [{"name": "all", "match": [{"path": {"prefix": "/"}}], "require": "none"}]}),
        Job::J1
        | Job::J1Sha256
        | Job::J2
        | Job::J3
        | Job::J6
        | Job::Regex
        | Job::HeaderEdits
        | Job::Response => gate(job, ROUTES, CONSUMERS),
        Job::Sticky => {
            let mut policy = gate(job, ROUTES, CONSUMERS);
            policy["routing"] = routing();
            policy
        }
        Job::J4 => {
            let mut policy = gate(job, ROUTES, CONSUMERS);
            policy["sources"] = json!({"tenants": {
                "http": {"cluster": "centre", "path": "/tenants.json"},
                "refresh": "1h",
                "index": {"items": "$.tenants[*]", "by": "$.id"},
            }});
            policy["routing"] = routing();
            policy
        }
        Job::J7 | Job::J8 => {
            let mut policy = gate(job, ROUTES, CONSUMERS);
            policy["sources"] = json!({"tenants": {
                "http": {"cluster": "service", "path": "/tenants/${header.x-tenant}"},
                "onDemand": {"ttl": "1h", "maxEntries": 2 * ENTRIES},
            }});
            policy["routing"] = routing();
            policy
        }
        Job::J5 => {
            let mut policy = gate(job, MANY, 0);
            policy["consumersFrom"] =
                json!([{"source": "partners", "items": "$.consumers[*]"}]);
            policy["sources"] = json!({"partners": {
                "http": {"cluster": "centre", "path": "/partners.json"},
                "refresh": "1h",
            }});
            policy
        }
    }
    .to_string()
}

fn routing() -> Value {
    json!({"header": "x-postern-upstream", "allow": ["blue", "green"]})
}

/// A policy like J1's with these numbers of routes and consumers.
pub(crate) fn gate(job: Job, routes: usize, consumers: usize) -> Value {
    let consumers: Vec<Value> = (0..consumers)
        .map(|at| json!({"name": consumer(at), "credentials": [credential(job, at)]}))
        .collect();
    let routes: Vec<Value> = (0..routes).map(|at| route(job, at)).collect();
    let provider = if job.has_tokens() {
        tokens::provider()
    } else if job == Job::J6 {
        opaque::provider()
    } else {
        json!({"apiKey": {"from": [{"header": "x-api-key"}]}})
    };
    json!({
        "consumers": consumers,
        "providers": {"keys": provider},
        "routes": routes,
    })
}

fn credential(job: Job, at: usize) -> Value {
    if job.has_tokens() {
        json!({"jwt": {"claim": consumer(at)}})
    } else if job == Job::J6 {
        json!({"opaque": {"claim": consumer(at)}})
    } else if job == Job::J1Sha256 {
        json!({"apiKey": {"sha256": sha256(&key(at))}})
    } else {
        json!({"apiKey": {"value": key(at)}})
    }
}

fn consumer(at: usize) -> String {
    format!("consumer-{at:06}")
}

fn route(job: Job, at: usize) -> Value {
    let mut route = json!({
        "name": format!("route-{at:05}"),
        "hosts": [job.host(at)],
        "match": [{"path": {"prefix": format!("/svc{at:05}")}}],
        "require": "keys",
        "rewrite": {"path": {"prefix": format!("/internal/svc{at:05}")}},
    });
    if matches!(job, Job::J4 | Job::J7 | Job::J8) {
        route["lookup"] =
            json!({"tenant": {"source": "tenants", "values": {"upstream": "$.upstream"}}});
        if job == Job::J4 {
            route["lookup"]["tenant"]["key"] = json!("${header.x-tenant}");
        }
        route["rewrite"]["upstream"] = json!("${tenant.upstream}");
    }
    routing::add(job, &mut route);
    route
}

fn key(consumer: usize) -> String {
    format!("key-{consumer:06}-4f9d2c7b1e8a")
}

fn sha256(text: &str) -> String {
    postern::internals::source::Hash::of(text.as_bytes()).to_string()
}

/// The document of tenants.
pub(crate) fn tenants(entries: usize) -> String {
    let mut text = String::from("{\"tenants\": [");
    for at in 0..entries {
        let comma = if at == 0 { "" } else { ", " };
        let upstream = if at % 2 == 0 { "blue" } else { "green" };
        let _ = write!(
            text,
            "{comma}{{\"id\": \"tenant-{at:05}\", \"upstream\": \"{upstream}\"}}"
        );
    }
    text.push_str("]}");
    text
}

/// A document of consumers, with plain keys.
pub(crate) fn consumers(count: usize) -> String {
    let all: Vec<Value> = (0..count)
        .map(|at| {
            let key = json!({"value": key(at)});
            json!({"name": format!("partner-{at:06}"), "credentials": [{"apiKey": key}]})
        })
        .collect();
    json!({ "consumers": all }).to_string()
}

/// Requests in Envoy's format, each of another consumer to another route. A number stands for one request.
pub(crate) fn requests(job: Job, numbers: Range<usize>) -> Vec<HeaderMap> {
    numbers
        .map(|at| {
            let route = at * 37 % job.routes();
            let path = format!("/svc{route:05}/items/{at:06}?page=2");
            let caller = at * 13 % job.consumers();
            let (header, credential) = if job.has_tokens() {
                ("authorization", tokens::bearer(at, &consumer(caller)))
            } else if job == Job::J6 {
                ("authorization", opaque::bearer(caller))
            } else {
                ("x-api-key", key(caller))
            };
            HeaderMap::from_pairs(&[
                (":authority", job.host(route)),
                (":path", path),
                (":method", "GET".to_owned()),
                (":scheme", "http".to_owned()),
                ("user-agent", "bench/1.0".to_owned()),
                ("accept", "application/json".to_owned()),
                ("accept-encoding", "gzip, br".to_owned()),
                (header, credential),
                ("x-tenant", format!("tenant-{:05}", at * 101 % ENTRIES)),
                ("x-forwarded-proto", "http".to_owned()),
                (
                    "x-request-id",
                    "5f1c9a52-0f7e-4c65-8f4e-0d2d6a9f3b11".to_owned(),
                ),
            ])
        })
        .collect()
}

#[derive(Debug)]
struct Nothing;

impl HostVerifier for Nothing {}

impl Inputs for Nothing {
    fn now(&mut self) -> Timestamp {
        Timestamp::from_nanos(1)
    }

    fn random(&mut self) -> u64 {
        0
    }
}

impl Observer for Nothing {
    fn event(&mut self, _: &Event<'_>) {}
}

/// What the service says of the tenant at the end of the path.
fn service_reply(job: Job, callout: &Callout) -> Reply {
    let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
    let digit = path.and_then(|(_, path)| path.last()).copied();
    let upstream = if digit.unwrap_or_default() % 2 == 0 {
        "blue"
    } else {
        "green"
    };
    let storage = if job == Job::J8 {
        "no-store"
    } else {
        "max-age=60"
    };
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", "200"), ("cache-control", storage)]),
        body: json!({ "upstream": upstream }).to_string().into_bytes(),
    }
}

/// Compiles a policy.
pub(crate) fn compile(policy: &str) -> Policy {
    let config = Config::parse(policy.as_bytes()).expect("a policy that can be read");
    Policy::compile(&config, &|_: &str| None).expect("a policy that compiles")
}

/// An engine with its inputs.
#[derive(Debug)]
pub(crate) struct Gate(Engine, Edits);

impl Gate {
    /// The engine of a job, with its documents.
    pub(crate) fn of(job: Job) -> Self {
        postern::internals::hash::seed(1);
        let store = Store::new(1);
        let mut engine = Engine::new(Arc::new(compile(&policy(job))), &store, &mut Nothing);
        let mut board = LocalData::default();
        let now = Timestamp::from_nanos(1);
        let document = if job == Job::J4 {
            tenants(ENTRIES)
        } else if job == Job::J5 {
            consumers(MANY)
        } else {
            String::new()
        };
        let _ = engine.tick(now, &mut board, &mut Nothing);
        for (flight, _) in engine.callouts() {
            let reply = Reply {
                headers: HeaderMap::from_pairs(&[(":status", "200")]),
                body: document.clone().into_bytes(),
            };
            let _ = engine.reply(flight, Ok(reply), now, &mut board, &mut Nothing);
        }
        while engine.is_reading() {
            let _ = engine.tick(now, &mut board, &mut Nothing);
        }
        let mut gate = Self(engine, Edits::default());
        let before = if job == Job::J6 {
            0..CONSUMERS
        } else if job == Job::J7 {
            0..ENTRIES
        } else {
            0..0
        };
        for request in requests(job, before) {
            gate.introduce(job, request.as_wire());
        }
        gate
    }

    /// Decides a request, of which the gate asks a server something that it remembers afterwards.
    fn introduce(&mut self, job: Job, wire: &[u8]) {
        let _ = self.decide(wire);
        self.answer(job);
    }

    /// Has the server answer what it was asked.
    fn answer(&mut self, job: Job) {
        let (now, mut board) = (Timestamp::from_nanos(1), LocalData::default());
        for (flight, callout) in self.0.callouts() {
            let reply = Ok(if job == Job::J6 {
                opaque::reply(&callout.body)
            } else {
                service_reply(job, &callout)
            });
            let _ = self.0.reply(flight, reply, now, &mut board, &mut Nothing);
        }
    }

    /// Decides one request of a job, which may wait for the server's answer.
    pub(crate) fn complete(&mut self, job: Job, wire: &[u8]) -> Step {
        match self.decide(wire) {
            Step::Wait(waiting) => {
                self.answer(job);
                let suspended = waiting.suspended;
                suspended.resume(&mut self.0, &mut self.1, &mut Nothing, &mut Nothing)
            }
            step @ (Step::Continue | Step::Respond(_)) => step,
        }
    }

    /// Decides one request that starts as the host's buffer, like the adapter.
    pub(crate) fn decide(&mut self, wire: &[u8]) -> Step {
        let headers = Headers::parse(wire).expect("a map");
        self.0.start(
            &Request::new(headers),
            &mut self.1,
            &mut Nothing,
            &mut Nothing,
        )
    }

    /// Whether a step is the expected result of the job.
    pub(crate) fn is_done(&self, job: Job, step: &Step) -> bool {
        let wanted = match job {
            Job::J0 => (false, 0),
            Job::J1 | Job::J1Sha256 | Job::J2 | Job::J3 | Job::J5 | Job::J6 => (true, 2),
            Job::J4 | Job::J7 | Job::J8 | Job::Sticky => (true, 3),
            Job::Regex | Job::Response => (true, 2),
            // Two of the ten change nothing, and a rename is two.
            Job::HeaderEdits => (true, 12),
        };
        let edits = (self.1.path().is_some(), self.1.request().len());
        matches!(step, Step::Continue) && edits == wanted
    }
}
