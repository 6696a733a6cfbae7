//! Documents that are too large to be read at once. Meanwhile requests are decided by the last good document.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, answered, forwarded, get, later, sound};

/// The tick periods while a large document is read and at other times, in milliseconds.
const OFTEN: u32 = 1;
const USUALLY: u32 = 100;

/// Consumers from a document; `more` are further fields of the policy.
fn policy(more: &str) -> String {
    format!(
        r#"{{
  "consumersFrom": [{{"source": "partners", "items": "$.consumers[*]", "maxShrink": "50%"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"partners": {{"http": {{"cluster": "centre", "path": "/p"}}, "refresh": "10s"}}}},
  "routes": [{{"name": "all", "require": "keys"{more}}}]
}}"#
    )
}

/// Records of consumers with these numbers, of some 80 bytes each.
fn consumers(numbers: std::ops::Range<usize>) -> String {
    let one = |number| {
        format!(
            r#"{{"name":"c-{number}","credentials":[{{"apiKey":{{"value":"key-of-{number}"}}}}]}}"#
        )
    };
    let all: Vec<String> = numbers.map(one).collect();
    format!(r#"{{"consumers":[{}]}}"#, all.join(","))
}

/// A number of consumers that takes more than two pieces of shared data, and some ten slices.
const MANY: usize = 60_000;

/// A VM that has a root.
struct Gate<'w> {
    world: &'w World,
    vm: FakeVm,
    root: ContextId,
}

impl<'w> Gate<'w> {
    fn new(world: &'w World, name: u64, policy: &str) -> Self {
        let vm = FakeVm::new(world, name);
        let root = vm.root();
        assert!(vm.configure(root, policy.as_bytes()));
        Self { world, vm, root }
    }

    /// Ticks until a callout is sent, and answers it.
    fn fetch(&self, body: &str) {
        let before = self.vm.callouts().len();
        for _ in 0..200 {
            self.tick();
            if let Some(callout) = self.vm.callouts().get(before) {
                return self.vm.reply_status(callout.token, 200, body.as_bytes());
            }
        }
        panic!("nothing was fetched");
    }

    fn period(&self) -> u32 {
        self.vm.host().ticks[&self.root]
    }

    /// Ticks once, at the root's next time.
    fn tick(&self) {
        self.world.pass(Duration::from_millis(self.period().into()));
        self.vm.tick(self.root);
    }

    /// Ticks until nothing is left to be read. Returns the number of ticks.
    fn read(&self) -> usize {
        for turns in 0..1000 {
            if self.period() != OFTEN {
                return turns;
            }
            self.tick();
        }
        panic!("it is never read to its end");
    }

    fn ask(&self, number: usize) -> RequestOutcome {
        let mut headers = get("/");
        headers.push(("x-api-key", format!("key-of-{number}")));
        self.vm.request(self.vm.stream(self.root), &headers)
    }

    #[track_caller]
    fn knows(&self, number: usize) {
        let name = format!("c-{number}").into_bytes();
        assert_eq!(forwarded(&self.ask(number), "x-consumer-name"), [name]);
    }
}

#[test]
fn answers_requests_while_a_document_is_read() {
    let world = World::at(NOW);
    let one = Gate::new(&world, 1, &policy(""));
    let two = Gate::new(&world, 2, &policy(""));
    one.fetch(&consumers(0..MANY));
    assert_eq!(answered(&one.ask(7)).0, 503, "nothing is known yet");
    assert_eq!(one.period(), OFTEN);
    assert!((10..100).contains(&one.read()));
    one.knows(7);
    one.knows(MANY - 1);
    assert_eq!(answered(&one.ask(MANY)).0, 401);
    assert_eq!(one.period(), USUALLY);
    // The other VM reads it from the shared data, in slices too.
    two.tick();
    assert_eq!(answered(&two.ask(7)).0, 503);
    assert!((10..100).contains(&two.read()));
    two.knows(7);
    assert_eq!(two.vm.callouts().len(), 0);
    // A newer document: the old one counts until the new one is read to its end.
    one.fetch(&consumers(1..MANY + 1));
    one.tick();
    one.knows(0);
    assert_eq!(answered(&one.ask(MANY)).0, 401);
    one.read();
    assert_eq!(answered(&one.ask(0)).0, 401);
    one.knows(MANY);
    two.tick();
    two.knows(0);
    two.read();
    assert_eq!(answered(&two.ask(0)).0, 401);
    two.knows(MANY);
    sound(&one.vm);
    sound(&two.vm);
}

#[test]
fn reads_a_shorter_document_after_a_longer_one() {
    let world = World::at(NOW);
    let one = Gate::new(&world, 1, &policy(""));
    one.fetch(&consumers(0..MANY));
    one.read();
    one.fetch(&consumers(0..MANY / 2));
    one.read();
    let two = Gate::new(&world, 2, &policy(""));
    two.tick();
    two.read();
    two.knows(7);
    assert_eq!(answered(&two.ask(MANY / 2)).0, 401);
    assert_eq!(two.vm.callouts().len(), 0);
}

#[test]
fn refuses_a_document_that_is_broken_at_its_end() {
    let world = World::at(NOW);
    let gate = Gate::new(&world, 1, &policy(""));
    gate.fetch(&consumers(0..MANY));
    gate.read();
    let good = consumers(1..MANY + 1);
    for bad in [
        good.strip_suffix('}').unwrap(),
        &good.replace("key-of-59999\"", "key-of-59999"),
        &format!("{good},"),
        &good.replace("\"consumers\"", "\"consumer\""),
        &consumers(0..MANY / 3),
    ] {
        gate.fetch(bad);
        gate.read();
        gate.knows(0);
        gate.knows(MANY / 2);
        assert_eq!(answered(&gate.ask(MANY)).0, 401);
    }
    gate.fetch(&good);
    gate.read();
    gate.knows(MANY);
}

#[test]
fn survives_a_push_while_a_document_is_read() {
    let world = World::at(NOW);
    let mut gate = Gate::new(&world, 1, &policy(""));
    gate.fetch(&consumers(0..MANY));
    gate.tick();
    let old = gate.root;
    gate.root = gate.vm.root();
    let pushed = policy(r#", "rewrite": {"host": "x.local"}"#);
    assert!(gate.vm.configure(gate.root, pushed.as_bytes()));
    assert_eq!(gate.period(), OFTEN, "it goes on where the old one was");
    gate.vm.delete(old);
    assert_eq!(answered(&gate.ask(7)).0, 503);
    gate.read();
    gate.knows(7);
    assert_eq!(gate.vm.callouts().len(), 0, "nothing was asked for again");
    // After a push the document counts at once.
    gate.root = gate.vm.root();
    let own = pushed.replacen('{', r#"{"consumers": [{"name": "c-5"}], "#, 1);
    assert!(gate.vm.configure(gate.root, own.as_bytes()));
    gate.knows(7);
    assert_eq!(
        answered(&gate.ask(5)).0,
        401,
        "the policy has one of that name"
    );
    assert_eq!(gate.period(), USUALLY);
    sound(&gate.vm);
}

#[test]
fn survives_the_end_of_the_last_policy_while_a_document_is_read() {
    let world = World::at(NOW);
    let one = Gate::new(&world, 1, &policy(""));
    let two = Gate::new(&world, 2, &policy(""));
    one.fetch(&consumers(0..MANY));
    one.tick();
    two.tick();
    assert_eq!(two.vm.callouts().len(), 0, "the lease is the other's");
    one.vm.delete(one.root);
    two.tick();
    assert_eq!(two.vm.callouts().len(), 1, "it was given up");
    two.vm.reply_status(
        two.vm.callouts()[0].token,
        200,
        consumers(0..MANY).as_bytes(),
    );
    two.read();
    two.knows(7);
}

#[test]
fn keeps_the_lease_while_a_document_is_read() {
    let world = World::at(NOW);
    let one = Gate::new(&world, 1, &policy(""));
    let two = Gate::new(&world, 2, &policy(""));
    one.fetch(&consumers(0..MANY));
    // A busy worker, with ticks that are a second late.
    while one.period() == OFTEN {
        later(&world, &one.vm, one.root, 1);
        two.vm.tick(two.root);
        assert_eq!(two.vm.callouts().len(), 0);
    }
    two.read();
    two.knows(7);
}

#[test]
fn wakes_requests_and_drops_the_old_document_in_slices() {
    let world = World::at(NOW);
    let tenants = |prefix: &str| {
        let one = |number: usize| format!(r#"{{"id":"t-{number}","up":"{prefix}-{number}"}}"#);
        let all: Vec<String> = (0..MANY).map(one).collect();
        format!(r#"{{"tenants":[{}]}}"#, all.join(","))
    };
    let policy = r#"{
  "sources": {"tenants": {"http": {"cluster": "centre", "path": "/t"}, "refresh": "10s",
                          "index": {"items": "$.tenants[*]", "by": "$.id"}}},
  "routes": [{"name": "all", "require": "none",
              "lookup": {"t": {"source": "tenants", "key": "${header.x-t}", "values": {"up": "$.up"}, "hold": "5s"}},
              "rewrite": {"headers": {"set": {"x-up": "${t.up}"}}}}]
}"#;
    let gate = Gate::new(&world, 1, policy);
    let send = |number: usize| {
        let mut headers = get("/");
        headers.push(("x-t", format!("t-{number}")));
        let stream = gate.vm.stream(gate.root);
        (stream, gate.vm.request(stream, &headers))
    };
    gate.fetch(&tenants("a"));
    let (waiting, outcome) = send(7);
    assert!(matches!(outcome, RequestOutcome::Held));
    assert!(gate.read() > 10);
    let woken = gate.vm.outcome(waiting);
    assert_eq!(forwarded(&woken, "x-up"), [b"a-7"]);
    gate.fetch(&tenants("b"));
    assert_eq!(forwarded(&send(9).1, "x-up"), [b"a-9"]);
    let mut turns = 0;
    while forwarded(&send(9).1, "x-up") != [b"b-9"] {
        gate.tick();
        turns += 1;
    }
    assert!(turns > 10);
    assert!(gate.read() > 3, "the old one isn't gone at once");
    assert_eq!(gate.period(), USUALLY);
    sound(&gate.vm);
}

#[test]
fn keeps_waiting_despite_ticks_of_another_policy() {
    let world = World::at(NOW);
    let policy = |route: &str| {
        format!(
            r#"{{
  "consumersFrom": [{{"source": "partners", "items": "$.consumers[*]"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"partners": {{"http": {{"cluster": "centre", "path": "/p"}}, "refresh": "10s"}},
               "tenants": {{"http": {{"cluster": "centre", "path": "/t"}}, "refresh": "10s"}}}},
  "routes": [{{"name": "{route}", "require": "none",
              "lookup": {{"t": {{"source": "tenants", "values": {{"up": "$.up"}}, "hold": "5s"}}}},
              "rewrite": {{"headers": {{"set": {{"x-up": "${{t.up}}"}}}}}}}}]
}}"#
        )
    };
    let vm = FakeVm::new(&world, 1);
    let [one, two] = ["one", "two"].map(|route| {
        let root = vm.root();
        assert!(vm.configure(root, policy(route).as_bytes()));
        root
    });
    later(&world, &vm, one, 1);
    let stream = vm.stream(two);
    assert!(matches!(
        vm.request(stream, &get("/")),
        RequestOutcome::Held
    ));
    let large = consumers(0..MANY);
    for callout in vm.callouts() {
        let path = callout.headers.iter().find(|(name, _)| name == b":path");
        let is_large = path.is_some_and(|(_, path)| path == b"/p");
        let body = if is_large {
            large.as_str()
        } else {
            r#"{"up": "x"}"#
        };
        vm.reply_status(callout.token, 200, body.as_bytes());
    }
    assert_eq!(vm.host().ticks[&one], OFTEN);
    assert_eq!(vm.host().ticks[&two], USUALLY);
    for _ in 0..20 {
        world.pass(Duration::from_millis(OFTEN.into()));
        vm.tick(one);
    }
    world.pass(Duration::from_millis(USUALLY.into()));
    vm.tick(two);
    assert_eq!(forwarded(&vm.outcome(stream), "x-up"), [b"x"]);
    sound(&vm);
}

#[test]
fn refuses_a_key_of_two_consumers_of_one_document() {
    let world = World::at(NOW);
    let key = r#""credentials": [{"apiKey": {"value": "k"}}]"#;
    let policy = format!(
        r#"{{
  "consumersFrom": [{{"source": "a", "items": "$[*]"}}, {{"source": "b", "items": "$[*]"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"a": {{"inline": [{{"name": "one", {key}}}, {{"name": "two", {key}}}]}},
               "b": {{"inline": [{{"name": "three", {key}}}]}}}},
  "routes": [{{"name": "all", "require": "keys"}}]
}}"#
    );
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, policy.as_bytes()));
    let mut headers = get("/");
    headers.push(("x-api-key", "k".to_owned()));
    let outcome = vm.request(vm.stream(root), &headers);
    assert_eq!(answered(&outcome).0, 401);
}
