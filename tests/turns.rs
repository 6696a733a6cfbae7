//! How much the engines of one VM read of documents between two turns of the requests, however many arrive at once.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a simulation that panics is a failed test"
)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use postern::config::Config;
use postern::engine::{
    Engine, Event, ExchangeId, FlightId, HostVerifier, Inputs, Observer, Step, Store, Waiting,
};
use postern::http::{Edits, HeaderMap, Reply, Request};
use postern::internals::source::LocalData;
use postern::policy::Policy;
use postern::time::Timestamp;

const OFTEN: Option<Duration> = Some(Duration::from_millis(1));
const USUALLY: Option<Duration> = Some(Duration::from_millis(100));

/// The most bytes of documents that come into use at once: twice a slice.
const MOST: usize = 512 << 10;

/// The documents that came into use, with their lengths.
#[derive(Default)]
struct Loaded(Vec<(String, usize)>);

impl Observer for Loaded {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::SourceLoaded { source, bytes } = event {
            self.0.push(((*source).to_owned(), *bytes));
        }
    }
}

impl Loaded {
    /// The documents since the last call.
    fn take(&mut self) -> BTreeSet<String> {
        let loaded = std::mem::take(&mut self.0);
        let bytes: usize = loaded.iter().map(|(_, bytes)| bytes).sum();
        assert!(bytes <= MOST || loaded.len() == 1, "{bytes} bytes at once");
        loaded.into_iter().map(|(source, _)| source).collect()
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

/// A VM and its surroundings.
struct Vm {
    store: Store,
    shared: LocalData,
    loaded: Loaded,
    clock: Clock,
}

impl Vm {
    fn new() -> Self {
        Self {
            store: Store::new(7),
            shared: LocalData::default(),
            loaded: Loaded::default(),
            clock: Clock(Timestamp::from_nanos(1_700_000_000_000_000_000)),
        }
    }

    fn engine(&mut self, policy: &str) -> Engine {
        let config = Config::parse(policy.as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|_: &str| None).unwrap();
        Engine::new(Arc::new(policy), &self.store, &mut self.loaded)
    }

    /// Lets the tick period of the engine pass, and ticks it.
    fn tick(&mut self, engine: &mut Engine) -> Vec<ExchangeId> {
        self.clock.0 = self.clock.0.after(engine.tick_period().unwrap());
        let woken = engine.tick(self.clock.0, &mut self.shared, &mut self.loaded);
        woken.0
    }

    fn reply(&mut self, engine: &mut Engine, flight: FlightId, body: &[u8]) -> Vec<ExchangeId> {
        let reply = Reply {
            headers: HeaderMap::from_pairs(&[(":status", "200")]),
            body: body.to_vec(),
        };
        let woken = engine.reply(
            flight,
            Ok(reply),
            self.clock.0,
            &mut self.shared,
            &mut self.loaded,
        );
        woken.0
    }

    /// Sends a request that has to wait.
    fn ask(&mut self, engine: &mut Engine, path: &str) -> (Waiting, FlightId) {
        let headers = [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "api.test"),
            (":path", path),
        ];
        let map = HeaderMap::from_pairs(&headers);
        let request = Request::new(map.view());
        let mut edits = Edits::default();
        let step = engine.start(&request, &mut edits, &mut self.clock, &mut self.loaded);
        let Step::Wait(waiting) = step else {
            panic!("{path}: {step:?}");
        };
        let (flight, _) = engine.callouts().pop().unwrap();
        (*waiting, flight)
    }
}

/// Watched sources of these names.
fn watched(names: &[String]) -> String {
    let one = |name: &String| {
        format!(r#""{name}": {{"http": {{"cluster": "c", "path": "/{name}"}}, "refresh": "1h"}}"#)
    };
    let all: Vec<String> = names.iter().map(one).collect();
    all.join(",")
}

fn policy(sources: &str) -> String {
    format!(r#"{{"sources": {{{sources}}}, "routes": [{{"name": "r", "require": "none"}}]}}"#)
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|at| format!("{prefix}{at}")).collect()
}

/// A document of so many bytes.
fn document(bytes: usize) -> Vec<u8> {
    let text = format!(r#","{}""#, "x".repeat(97));
    format!("[0{}]", text.repeat(bytes.saturating_sub(3) / text.len())).into_bytes()
}

/// The flights for the engine's sources, in their order.
fn flights(engine: &mut Engine, vm: &mut Vm) -> Vec<FlightId> {
    vm.tick(engine);
    let callouts = engine.callouts();
    callouts.into_iter().map(|(flight, _)| flight).collect()
}

#[test]
fn many_documents_at_once_share_a_slice() {
    let mut vm = Vm::new();
    let names = names("s", 200);
    let mut engine = vm.engine(&policy(&watched(&names)));
    let flights = flights(&mut engine, &mut vm);
    assert_eq!(flights.len(), 200);
    let text = document(60 << 10);
    let mut loaded = BTreeSet::new();
    for flight in flights {
        vm.reply(&mut engine, flight, &text);
    }
    // All documents that arrive before the next tick count as one.
    loaded.extend(vm.loaded.take());
    assert_eq!(engine.tick_period(), OFTEN);
    let mut turns = 0;
    while engine.tick_period() == OFTEN {
        vm.tick(&mut engine);
        loaded.extend(vm.loaded.take());
        turns += 1;
        assert!(turns < 1000, "it never ends");
    }
    assert!(turns >= 100, "{turns}");
    assert_eq!(loaded.len(), names.len());
    assert_eq!(engine.tick_period(), USUALLY);
}

#[test]
fn a_large_document_delays_no_other() {
    let mut vm = Vm::new();
    let mut all = vec!["large".to_owned()];
    all.extend(names("small", 20));
    let mut engine = vm.engine(&policy(&watched(&all)));
    let flights = flights(&mut engine, &mut vm);
    let large = document(8 << 20);
    let small = document(20 << 10);
    for (at, flight) in flights.into_iter().enumerate() {
        let text = if at == 0 { &large } else { &small };
        vm.reply(&mut engine, flight, text);
    }
    let mut loaded = vm.loaded.take();
    let mut turns = 0;
    while loaded.len() < 20 {
        vm.tick(&mut engine);
        loaded.extend(vm.loaded.take());
        turns += 1;
        assert!(turns <= 40, "{loaded:?} after {turns}");
    }
    assert!(!loaded.contains("large"), "{turns}");
    while engine.tick_period() == OFTEN {
        vm.tick(&mut engine);
        turns += 1;
        assert!(turns < 1000, "it never ends");
    }
    assert!(vm.loaded.take().contains("large"));
    assert!(turns > 60, "{turns}");
}

#[test]
fn engines_of_one_vm_share_a_slice_fairly() {
    let mut vm = Vm::new();
    let text = document(60 << 10);
    let mut engines: Vec<Engine> = ["a", "b", "c", "d"]
        .iter()
        .map(|prefix| vm.engine(&policy(&watched(&names(prefix, 20)))))
        .collect();
    for engine in &mut engines {
        for flight in flights(engine, &mut vm) {
            vm.reply(engine, flight, &text);
        }
        vm.loaded.take();
    }
    let mut rounds = 0;
    let mut last = vec![0; engines.len()];
    while engines.iter().any(|engine| engine.tick_period() == OFTEN) {
        for (engine, last) in engines.iter_mut().zip(&mut last) {
            if engine.tick_period() == OFTEN {
                vm.tick(engine);
                *last = rounds;
            }
        }
        // All their ticks together count as one.
        vm.loaded.take();
        rounds += 1;
        assert!(rounds < 1000, "it never ends");
    }
    let (first, last) = (*last.iter().min().unwrap(), *last.iter().max().unwrap());
    assert!(last - first < 10, "one at {first}, another at {last}");
}

#[test]
fn documents_on_demand_spend_the_budget_too() {
    let mut vm = Vm::new();
    let policy = r#"{
      "sources": {
        "large": {"http": {"cluster": "c", "path": "/large"}, "refresh": "1h"},
        "p": {"http": {"cluster": "c", "path": "/p/${key}"}, "onDemand": {"maxInFlight": 100}}},
      "routes": [{
        "name": "r", "match": [{"path": {"template": "/{who}"}}], "require": "none",
        "lookup": {"p": {"source": "p", "key": "${path.who}", "values": {"v": "$[0]"}}}}]
    }"#;
    let mut engine = vm.engine(policy);
    let flights = flights(&mut engine, &mut vm);
    vm.reply(&mut engine, flights[0], &document(8 << 20));
    assert_eq!(engine.tick_period(), OFTEN);
    let waiting: Vec<(Waiting, FlightId)> = (0..20)
        .map(|number| vm.ask(&mut engine, &format!("/{number}")))
        .collect();
    let large = document(200 << 10);
    for (_, flight) in waiting.iter().skip(1) {
        assert_eq!(vm.reply(&mut engine, *flight, &large), []);
    }
    // Small documents are not delayed.
    let (first, flight) = waiting.first().unwrap();
    assert_eq!(
        vm.reply(&mut engine, *flight, b"[1]"),
        [first.suspended.id()]
    );
    let mut woken = BTreeSet::new();
    let mut turns = 0;
    while engine.tick_period() == OFTEN {
        let more = vm.tick(&mut engine);
        assert!(more.len() <= 1, "{} at once", more.len());
        woken.extend(more.iter().map(|id| format!("{id:?}")));
        turns += 1;
        assert!(turns < 1000, "it never ends");
    }
    // Neither delays the other.
    assert_eq!(woken.len(), 19);
    assert!(vm.loaded.take().contains("large"));
    for (waiting, _) in waiting {
        let mut edits = Edits::default();
        let step = waiting
            .suspended
            .resume(&mut engine, &mut edits, &mut vm.clock, &mut vm.loaded);
        assert!(matches!(step, Step::Continue), "{step:?}");
    }
}

/// A client that chooses the keys can't fill the memory: replies above the bound fail.
#[test]
fn bounds_the_replies_that_wait() {
    let mut vm = Vm::new();
    let policy = r#"{
      "sources": {
        "large": {"http": {"cluster": "c", "path": "/large"}, "refresh": "1h"},
        "p": {"http": {"cluster": "c", "path": "/p/${key}", "maxBytes": "1Mi"}, "onDemand": {"maxInFlight": 100}}},
      "routes": [{
        "name": "r", "match": [{"path": {"template": "/{who}"}}], "require": "none",
        "lookup": {"p": {"source": "p", "key": "${path.who}", "values": {"v": "$[0]"}}}}]
    }"#;
    let mut engine = vm.engine(policy);
    let flights = flights(&mut engine, &mut vm);
    vm.reply(&mut engine, flights[0], &document(8 << 20));
    let waiting: Vec<(Waiting, FlightId)> = (0..12)
        .map(|number| vm.ask(&mut engine, &format!("/{number}")))
        .collect();
    let large = document(900 << 10);
    let mut failed = 0;
    for (_, flight) in &waiting {
        failed += vm.reply(&mut engine, *flight, &large).len();
    }
    assert_eq!(failed, 12 - (8 << 20) / large.len());
}

#[test]
fn consumers_are_compared_in_turns_too() {
    let mut vm = Vm::new();
    let own = |number| {
        format!(r#"{{"name":"c{number}","credentials":[{{"apiKey":{{"value":"own{number}"}}}}]}}"#)
    };
    let all: Vec<String> = (0..30_000).map(own).collect();
    let policy = format!(
        r#"{{"consumers": [{}], "consumersFrom": [{{"source": "s", "items": "$.c[*]"}}],
            "providers": {{"k": {{"apiKey": {{"from": [{{"header": "x-key"}}]}}}}}},
            "sources": {{"s": {{"http": {{"cluster": "c", "path": "/s"}}, "refresh": "1h"}}}},
            "routes": [{{"name": "r", "require": "k"}}]}}"#,
        all.join(",")
    );
    let mut engine = vm.engine(&policy);
    let flights = flights(&mut engine, &mut vm);
    let key = |value| format!(r#"[{{"apiKey":{{"value":"{value}"}}}}]"#);
    let document = format!(
        r#"{{"c": [{{"name":"c7","credentials":{}}}, {{"name":"new","credentials":{}}}]}}"#,
        key("theirs"),
        key("new")
    );
    vm.reply(&mut engine, flights[0], document.as_bytes());
    assert_eq!(engine.tick_period(), OFTEN, "it isn't compared to its end");
    let mut turns = 0;
    let mut loaded = 0;
    while engine.tick_period() == OFTEN {
        vm.tick(&mut engine);
        turns += 1;
        let more = vm.loaded.take().len();
        assert!(more == 0 || turns >= 2, "it is in use too early");
        loaded += more;
        assert!(turns < 100, "it never ends");
    }
    assert_eq!(loaded, 1);
    let mut step = |key: &str| {
        let headers = [
            (":method", "GET"),
            (":scheme", "http"),
            (":authority", "api.test"),
            (":path", "/"),
            ("x-key", key),
        ];
        let map = HeaderMap::from_pairs(&headers);
        let request = Request::new(map.view());
        let mut edits = Edits::default();
        engine.start(&request, &mut edits, &mut vm.clock, &mut vm.loaded)
    };
    assert!(matches!(step("own7"), Step::Continue));
    assert!(matches!(step("new"), Step::Continue));
    assert!(matches!(step("theirs"), Step::Respond(_)));
}
