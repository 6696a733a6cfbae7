//! Tests of exchanges that wait for keys, and of policies of one VM that share a set of keys.

use std::sync::Arc;
use std::time::Duration;

use crate::config::Config;
use crate::crypto::HostVerifier;
use crate::http::{Callout, Edits, HeaderMap, Reply, Request};
use crate::policy::Policy;
use crate::source::LocalData;
use crate::time::Timestamp;

use super::{Engine, Event, FlightId, Inputs, Observer, Step, Store};

const POLICY: &str = r#"{
    "providers": {"corp": {"jwt": {"issuer": "https://id.test", "audiences": "any",
        "keys": {"remote": {"cluster": "id", "path": "/jwks.json", "hold": "20s"}}}}},
    "routes": [{"name": "all", "match": [{"path": {"prefix": "/"}}], "require": "corp"}]}"#;

/// Its header has the `kid` `two`. Its signature is not good, which is known as soon as its key is.
const TOKEN: &str = "Bearer eyJhbGciOiJFZERTQSIsImtpZCI6InR3byJ9.eyJpc3MiOiJodHRwczovL2lkLnRlc3QiLCJleHAiOjE4MDAwMDAwMDB9.AA";

/// A set of keys with these names.
fn set(kids: &[&str]) -> String {
    let key = |kid| {
        format!(
            r#"{{"kid": "{kid}", "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}}"#
        )
    };
    let keys: Vec<_> = kids.iter().map(key).collect();
    format!(r#"{{"keys": [{}]}}"#, keys.join(", "))
}

/// The reasons of denials.
#[derive(Default)]
struct Reasons(Vec<&'static str>);

impl Observer for Reasons {
    fn event(&mut self, event: &Event<'_>) {
        if let Event::Decided { reason, .. } = event {
            self.0.extend(*reason);
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

/// Two engines of one VM, with the same policy.
struct Vm {
    engines: [Engine; 2],
    clock: Clock,
    shared: LocalData,
    reasons: Reasons,
    edits: Edits,
    /// Callouts that aren't answered yet.
    open: Vec<(FlightId, Callout)>,
}

impl Vm {
    fn new() -> Self {
        let config = Config::parse(POLICY.as_bytes()).unwrap();
        let policy = Arc::new(Policy::compile(&config, &|_: &str| None).unwrap());
        let (store, mut reasons) = (Store::new(7), Reasons::default());
        let mut engine = || Engine::new(Arc::clone(&policy), &store, &mut reasons);
        Self {
            engines: [engine(), engine()],
            clock: Clock(Timestamp::from_nanos(1_700_000_000_000_000_000)),
            shared: LocalData::default(),
            reasons,
            edits: Edits::default(),
            open: Vec::new(),
        }
    }

    fn tick(&mut self, at: usize) {
        self.clock.0 = self.clock.0.after(Duration::from_millis(50));
        let (engine, now) = (&mut self.engines[at], self.clock.0);
        let _woken = engine.tick(now, &mut self.shared, &mut self.reasons);
        self.open.extend(engine.callouts());
    }

    /// Answers the only callout that is under way. The first engine has sent it.
    fn answer(&mut self, body: &str) {
        let reply = Reply {
            headers: HeaderMap::from_pairs(&[(":status", "200")]),
            body: body.as_bytes().to_vec(),
        };
        assert_eq!(self.open.len(), 1);
        let ((flight, _), now) = (self.open.remove(0), self.clock.0);
        let engine = &mut self.engines[0];
        let _woken = engine.reply(flight, Ok(reply), now, &mut self.shared, &mut self.reasons);
    }

    fn start(&mut self, at: usize) -> Step {
        let map = HeaderMap::from_pairs(&[
            (":method", "GET"),
            (":authority", "a"),
            (":path", "/"),
            ("authorization", TOKEN),
        ]);
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        let request = Request::new(map.view());
        self.engines[at].start(&request, edits, clock, &mut self.reasons)
    }

    fn resume(&mut self, at: usize, step: Step) {
        let Step::Wait(waiting) = step else {
            panic!("{step:?}");
        };
        let (edits, clock) = (&mut self.edits, &mut self.clock);
        let (engine, reasons) = (&mut self.engines[at], &mut self.reasons);
        let step = waiting.suspended.resume(engine, edits, clock, reasons);
        assert!(matches!(step, Step::Respond(_)), "{step:?}");
    }
}

/// A slow first fetch doesn't use up the time for the next one.
#[test]
fn a_key_is_waited_for_after_the_first_set_was_waited_for() {
    let mut vm = Vm::new();
    let step = vm.start(0);
    vm.tick(0);
    vm.clock.0 = vm.clock.0.after(Duration::from_secs(10));
    vm.answer(&set(&["one"]));
    let Step::Wait(first) = step else {
        panic!("{step:?}");
    };
    let (edits, engine) = (&mut vm.edits, &mut vm.engines[0]);
    let suspended = first.suspended;
    let step = suspended.resume(engine, edits, &mut vm.clock, &mut vm.reasons);
    let Step::Wait(second) = &step else {
        panic!("{step:?}");
    };
    assert!(second.deadline > vm.clock.0.after(Duration::from_secs(4)));
    vm.tick(0);
    vm.answer(&set(&["one", "two"]));
    vm.resume(0, step);
    assert_eq!(vm.reasons.0, ["invalid_signature"]);
}

#[test]
fn a_key_that_another_policy_has_fetched_is_waited_for() {
    let mut vm = Vm::new();
    vm.tick(0);
    vm.answer(&set(&["one"]));
    vm.tick(1);
    let first = vm.start(0);
    vm.tick(0);
    vm.answer(&set(&["one", "two"]));
    vm.resume(0, first);
    // The other policy takes the new set on its next tick. Until then, the key isn't unknown.
    let second = vm.start(1);
    vm.tick(1);
    assert_eq!(vm.open.len(), 0, "nothing is fetched again");
    vm.resume(1, second);
    assert_eq!(vm.reasons.0, ["invalid_signature"; 2]);
}
