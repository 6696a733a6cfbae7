//! What an exchange that waits remembers of its providers, and when they are asked again.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::engine::{
    Detail, Engine, Event, FlightId, HostVerifier, Inputs, Observer, Step, Store, VerdictDetail,
    Waiting,
};
use crate::http::{Callout, Edits, HeaderMap, Reply, Request};
use crate::policy::{Double, Policy};
use crate::source::LocalData;
use crate::time::Timestamp;

/// Consumers in a document, values on demand, and a document that comes late.
const POLICY: &str = r#"{
    "consumers": [{"name": "own", "credentials": [{"apiKey": {"provider": "keys", "value": "own-key"}}]}],
    "consumersFrom": [{"source": "people", "items": "$[*]"}],
    "providers": {"keys": {"apiKey": {"from": [{"header": "x-key"}]}}, "more": {"apiKey": {"from": [{"header": "x-more"}]}}},
    "sources": {
        "people": {"http": {"cluster": "c", "path": "/people"}, "refresh": "1s"},
        "late": {"http": {"cluster": "c", "path": "/late"}, "refresh": "1s"},
        "entries": {"http": {"cluster": "c", "path": "/entries/${key}"}, "onDemand": {"ttl": "60s"}}},
    "routes": [
        {"name": "one", "match": [{"path": {"exact": "/one"}}], "require": "keys",
         "lookup": {"entry": {"source": "entries", "key": "k", "values": {"v": "$.v"}}}},
        {"name": "all", "match": [{"path": {"exact": "/all"}}], "require": {"all": ["more", "keys"]},
         "lookup": {"entry": {"source": "entries", "key": "k", "values": {"v": "$.v"}}}},
        {"name": "consumers", "match": [{"path": {"exact": "/consumers"}}], "require": "keys",
         "authorize": {"consumers": {"any": ["own"]}}}]}"#;

const KEYS: &str = r#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#;

const PEOPLE: &str =
    r#"[{"name": "ann", "credentials": [{"apiKey": {"provider": "keys", "value": "ann-key"}}]}]"#;

/// The accepted consumers that details told.
#[derive(Default)]
struct Told(Vec<Option<String>>);

impl Observer for Told {
    fn event(&mut self, _: &Event<'_>) {}

    fn wants_detail(&self) -> bool {
        true
    }

    fn detail(&mut self, detail: &Detail<'_>) {
        if let Detail::Authenticated {
            verdict: VerdictDetail::Accepted { consumer, .. },
            ..
        } = detail
        {
            let name = consumer.map(|name| String::from_utf8_lossy(name).into_owned());
            self.0.push(name);
        }
    }
}

struct Clock(Timestamp);

impl HostVerifier for Clock {}

impl Inputs for Clock {
    fn now(&mut self) -> Timestamp {
        self.0
    }

    fn random(&mut self) -> u64 {
        0
    }
}

/// An engine whose provider `keys` is a double, and the world around it.
struct World {
    engine: Engine,
    keys: Arc<Double>,
    clock: Clock,
    shared: LocalData,
    told: Told,
    edits: Edits,
    /// What the config centre answers, by path.
    served: BTreeMap<String, String>,
    /// Callouts that aren't answered yet.
    open: Vec<(FlightId, Callout)>,
}

impl World {
    fn new(keys: Double) -> Self {
        let keys = Arc::new(keys);
        let config = Config::parse(POLICY.as_bytes()).unwrap();
        let mut policy = Policy::compile(&config, &|_: &str| None).unwrap();
        policy.providers.replace("keys", &keys);
        if let Some((source, _)) = keys.needs {
            policy.sources.hold_keys(source);
        }
        let mut told = Told::default();
        let engine = Engine::new(Arc::new(policy), &Store::new(7), &mut told);
        let mut world = Self {
            engine,
            keys,
            clock: Clock(Timestamp::from_nanos(1_700_000_000_000_000_000)),
            shared: LocalData::default(),
            told,
            edits: Edits::default(),
            served: BTreeMap::new(),
            open: Vec::new(),
        };
        world.serve("/people", PEOPLE);
        world.pass(Duration::ZERO);
        world
    }

    fn serve(&mut self, path: &str, body: &str) {
        self.served.insert(path.to_owned(), body.to_owned());
    }

    /// Lets time pass, and has the engine fetch and read what is due then.
    fn pass(&mut self, span: Duration) {
        self.clock.0 = self.clock.0.after(span);
        for _ in 0..4 {
            let now = self.clock.0;
            let _woken = self.engine.tick(now, &mut self.shared, &mut self.told);
            self.answer();
            self.clock.0 = now.after(Duration::from_millis(1));
        }
    }

    /// Answers the callouts whose paths are served.
    fn answer(&mut self) {
        self.open.extend(self.engine.callouts());
        for (flight, callout) in std::mem::take(&mut self.open) {
            let path = callout.headers.iter().find(|(name, _)| **name == *b":path");
            let path = String::from_utf8_lossy(&path.unwrap().1).into_owned();
            let Some(body) = self.served.get(&path) else {
                self.open.push((flight, callout));
                continue;
            };
            let reply = Reply {
                headers: HeaderMap::from_pairs(&[(":status", "200")]),
                body: body.clone().into_bytes(),
            };
            let (now, shared) = (self.clock.0, &mut self.shared);
            let _woken = self
                .engine
                .reply(flight, Ok(reply), now, shared, &mut self.told);
        }
    }

    fn start(&mut self, path: &str, credentials: &[(&str, &str)]) -> Step {
        let mut headers = vec![(":method", "GET"), (":authority", "a"), (":path", path)];
        headers.extend(credentials);
        let map = HeaderMap::from_pairs(&headers);
        let request = Request::new(map.view());
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        self.engine.start(&request, edits, clock, &mut self.told)
    }

    /// Starts an exchange that has to wait, and answers its callout.
    fn wait(&mut self, path: &str, credentials: &[(&str, &str)]) -> Box<Waiting> {
        let step = self.start(path, credentials);
        let Step::Wait(waiting) = step else {
            panic!("{path}: {step:?}");
        };
        self.serve("/entries/k", r#"{"v": 1}"#);
        self.answer();
        waiting
    }

    fn resume(&mut self, waiting: Waiting) -> Step {
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        let suspended = waiting.suspended;
        suspended.resume(&mut self.engine, edits, clock, &mut self.told)
    }
}

fn status(step: &Step) -> Option<u16> {
    match step {
        Step::Respond(response) => Some(response.status),
        Step::Continue | Step::Wait(_) => None,
    }
}

#[test]
fn a_provider_verifies_once_though_the_exchange_waits() {
    for key in ["ann-key", "own-key", "guest"] {
        let mut world = World::new(Double {
            guest: b"guest",
            ..Double::default()
        });
        let waiting = world.wait("/one", &[("x-key", key)]);
        assert_eq!(world.keys.count(), 1, "{key}");
        let step = world.resume(*waiting);
        assert!(matches!(step, Step::Continue), "{key}: {step:?}");
        assert_eq!(world.keys.count(), 1, "{key}");
        let consumer = key.strip_suffix("-key").map(str::to_owned);
        assert_eq!(world.told.0, [consumer.clone(), consumer], "{key}");
    }
}

#[test]
fn a_key_that_is_revoked_while_the_exchange_waits_opens_nothing() {
    let mut world = World::new(Double::default());
    let waiting = world.wait("/one", &[("x-key", "ann-key")]);
    world.serve("/people", r#"[{"name": "bob"}]"#);
    world.pass(Duration::from_secs(5));
    let step = world.resume(*waiting);
    assert_eq!(status(&step), Some(401), "{step:?}");
    assert_eq!(world.keys.count(), 2);
}

/// Another record of the same document has changed, so that all of it is asked again.
#[test]
fn a_provider_verifies_again_when_consumers_have_changed() {
    let mut world = World::new(Double::default());
    let waiting = world.wait("/one", &[("x-key", "ann-key")]);
    world.serve(
        "/people",
        &PEOPLE.replace("}]}]", r#"}]}, {"name": "bob"}]"#),
    );
    world.pass(Duration::from_secs(5));
    let step = world.resume(*waiting);
    assert!(matches!(step, Step::Continue), "{step:?}");
    assert_eq!(world.keys.count(), 2);
}

#[test]
fn a_provider_verifies_again_once_the_credential_has_expired() {
    for (after, verified) in [(9, 1), (10, 2)] {
        let mut world = World::new(Double {
            lifetime: Some(Duration::from_secs(10)),
            ..Double::default()
        });
        let waiting = world.wait("/one", &[("x-key", "own-key")]);
        world.clock.0 = world.clock.0.after(Duration::from_secs(after));
        let step = world.resume(*waiting);
        assert!(matches!(step, Step::Continue), "{step:?}");
        assert_eq!(world.keys.count(), verified, "after {after} s");
    }
}

#[test]
fn a_rejected_credential_is_remembered_too() {
    let mut world = World::new(Double::default());
    world.engine = {
        let text = POLICY.replace(
            r#"{"all": ["more", "keys"]}"#,
            r#"{"any": ["more", "keys"]}"#,
        );
        let text = text.replace(r#""header": "x-more""#, r#""header": "x-key""#);
        let config = Config::parse(text.as_bytes()).unwrap();
        let mut policy = Policy::compile(&config, &|_: &str| None).unwrap();
        policy.providers.replace("more", &world.keys);
        Engine::new(Arc::new(policy), &Store::new(8), &mut world.told)
    };
    world.pass(Duration::from_secs(5));
    let waiting = world.wait("/all", &[("x-key", "own-key")]);
    assert_eq!(world.keys.count(), 1);
    let step = world.resume(*waiting);
    assert!(matches!(step, Step::Continue), "{step:?}");
    assert_eq!(world.keys.count(), 1);
}

#[test]
fn a_provider_waits_and_those_before_it_are_not_asked_again() {
    let late = World::new(Double::default());
    let source = late.engine.policy.sources.iter().nth(1).unwrap().0;
    let mut world = World::new(Double {
        needs: Some((source, Duration::from_secs(20))),
        ..Double::default()
    });
    let more = Arc::new(Double {
        guest: b"guest",
        ..Double::default()
    });
    let policy = Arc::get_mut(&mut world.engine.policy).unwrap();
    policy.providers.replace("more", &more);
    let credentials = [("x-more", "guest"), ("x-key", "own-key")];
    let waiting = world.wait("/all", &credentials);
    assert_eq!((more.count(), world.keys.count()), (1, 0));
    world.serve("/late", KEYS);
    world.pass(Duration::from_millis(100));
    let step = world.resume(*waiting);
    // Now it waits for its lookup.
    let Step::Wait(waiting) = step else {
        panic!("{step:?}");
    };
    world.answer();
    let step = world.resume(*waiting);
    assert!(matches!(step, Step::Continue), "{step:?}");
    assert_eq!((more.count(), world.keys.count()), (1, 1));
}

#[test]
fn a_provider_whose_document_does_not_come_is_unavailable() {
    let late = World::new(Double::default());
    let source = late.engine.policy.sources.iter().nth(1).unwrap().0;
    let mut world = World::new(Double {
        needs: Some((source, Duration::from_secs(2))),
        ..Double::default()
    });
    let waiting = world.wait("/one", &[("x-key", "own-key")]);
    world.pass(Duration::from_secs(3));
    let step = world.resume(*waiting);
    assert_eq!(status(&step), Some(503), "{step:?}");
}

#[test]
fn an_identity_without_a_consumer_meets_no_condition_on_consumers() {
    let mut world = World::new(Double {
        guest: b"guest",
        ..Double::default()
    });
    let step = world.start("/consumers", &[("x-key", "own-key")]);
    assert!(matches!(step, Step::Continue), "{step:?}");
    let step = world.start("/consumers", &[("x-key", "guest")]);
    assert_eq!(status(&step), Some(403), "{step:?}");
}
