//! Names and keys that stand in two documents, or in a document and the policy.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, answered, forwarded, get, sound};

fn policy(own: &str) -> String {
    format!(
        r#"{{
  "consumers": [{own}],
  "consumersFrom": [{{"source": "one", "items": "$[*]"}}, {{"source": "two", "items": "$[*]"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"one": {{"http": {{"cluster": "centre", "path": "/one"}}, "refresh": "2s"}},
               "two": {{"http": {{"cluster": "centre", "path": "/two"}}, "refresh": "2s"}}}},
  "routes": [{{"name": "all", "require": "keys"}}]
}}"#
    )
}

/// A record of a name and a key.
fn record(name: &str, key: &str) -> String {
    format!(r#"{{"name":"{name}","credentials":[{{"apiKey":{{{key}}}}}]}}"#)
}

struct Gate<'w> {
    world: &'w World,
    vm: FakeVm,
    root: ContextId,
}

impl<'w> Gate<'w> {
    fn new(world: &'w World, own: &str) -> Self {
        let vm = FakeVm::new(world, 1);
        let root = vm.root();
        assert!(vm.configure(root, policy(own).as_bytes()));
        Self { world, vm, root }
    }

    /// Has both documents fetched, read and compared. Returns the number of ticks.
    fn serve(&self, one: &str, two: &str) -> usize {
        let until = self.world.now().after(Duration::from_secs(5));
        let mut ticks = Vec::new();
        while self.world.now() < until || self.period() == 1 {
            self.world.pass(Duration::from_millis(self.period()));
            self.vm.tick(self.root);
            if self.period() == 1 {
                ticks.push(());
            }
            self.reply(one, two);
        }
        sound(&self.vm);
        ticks.len()
    }

    /// Answers the callouts.
    fn reply(&self, one: &str, two: &str) {
        for callout in self.vm.callouts() {
            let path = callout.headers.iter().find(|(name, _)| name == b":path");
            let is_one = path.is_some_and(|(_, path)| path == b"/one");
            let records = if is_one { one } else { two };
            let body = format!("[{records}]");
            self.vm.reply_status(callout.token, 200, body.as_bytes());
        }
    }

    fn period(&self) -> u64 {
        self.vm.host().ticks[&self.root].into()
    }

    #[track_caller]
    fn is(&self, key: &str, name: Option<&str>) {
        let mut headers = get("/");
        headers.push(("x-api-key", key.to_owned()));
        let outcome = self.vm.request(self.vm.stream(self.root), &headers);
        match name {
            Some(name) => assert_eq!(forwarded(&outcome, "x-consumer-name"), [name.as_bytes()]),
            None => assert_eq!(
                answered(&outcome),
                (401, "postern_invalid_credential".to_owned()),
                "{key}"
            ),
        }
    }

    /// The records that were logged since the last call, each with its source and the reason.
    fn told(&self) -> Vec<String> {
        let mut lines: Vec<String> = std::mem::take(&mut self.vm.script().logs)
            .into_iter()
            .filter_map(|(_, line)| Some(line.split_once("event=record_left_out ")?.1.to_owned()))
            .collect();
        lines.sort();
        lines
    }

    fn stat(&self, family: &str, source: &str, measure: &str) -> Option<u64> {
        self.world.pass(Duration::from_secs(1));
        self.vm.tick(self.root);
        let name = format!("postern.{family}.source=.={source};.;{measure}");
        self.world.stats().get(&name).copied()
    }

    fn consumers(&self, source: &str) -> Option<u64> {
        self.stat("source", source, "consumers")
    }

    fn left_out(&self, source: &str) -> Option<u64> {
        self.stat("source_left_out", source, "total")
    }
}

#[test]
fn refuses_a_name_of_two_documents_until_one_drops_it() {
    let world = World::at(NOW);
    let gate = Gate::new(&world, "");
    let ann = record("ann", r#""value":"k-ann""#);
    let first = format!("{ann},{}", record("ops", r#""value":"k-1""#));
    let second = record("ops", r#""value":"k-2""#);
    let bob = record("bob", r#""value":"k-bob""#);
    gate.serve(&first, &format!("{second},{bob}"));
    for (key, name) in [
        ("k-ann", Some("ann")),
        ("k-bob", Some("bob")),
        ("k-1", None),
        ("k-2", None),
    ] {
        gate.is(key, name);
    }
    let told = gate.told();
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, (own, other)) in told.iter().zip([("one", "two"), ("two", "one")]) {
        let start = format!("source={own} record=ops reason=\"name: `{other}` has");
        assert!(line.starts_with(&start), "{line}");
    }
    for source in ["one", "two"] {
        assert_eq!(gate.consumers(source), Some(1));
        assert_eq!(gate.left_out(source), Some(1));
    }
    // The conflict ends, and no other record is logged.
    gate.serve(&first, &bob);
    gate.is("k-1", Some("ops"));
    gate.is("k-2", None);
    assert_eq!(gate.told(), Vec::<String>::new());
    assert_eq!(gate.consumers("one"), Some(2));
    // The conflict comes back.
    gate.serve(&first, &format!("{second},{bob}"));
    gate.is("k-1", None);
    assert_eq!(gate.told().len(), 2);
}

#[test]
fn leaves_the_next_document_its_own_lines() {
    let world = World::at(NOW);
    let gate = Gate::new(&world, "");
    let all = |key: &str| {
        let one = |at| record(&format!("c{at}"), &format!(r#""value":"{key}-{at}""#));
        (0..20).map(one).collect::<Vec<_>>().join(",")
    };
    let (first, second) = (all("k-one"), all("k-two"));
    gate.serve(&first, &second);
    assert_eq!(gate.told().len(), 20, "ten of each");
    gate.serve(&format!("{first},7"), &second);
    let told = gate.told();
    assert!(
        told.iter().any(|line| line.contains("record=20 ")),
        "{told:?}"
    );
}

#[test]
fn reports_both_owners_of_a_key() {
    let world = World::at(NOW);
    let gate = Gate::new(
        &world,
        r#"{"name": "own", "credentials": [{"apiKey": {"value": "k-own"}}, {"apiKey": {"sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}}]}"#,
    );
    let test = r#""sha256":"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08""#;
    let hashed = |key: &str| {
        format!(
            r#""sha256":"{}""#,
            postern::internals::source::Hash::of(key.as_bytes())
        )
    };
    let one = [
        record("plain-plain", r#""value":"k-own""#),
        record("plain-digest", r#""value":"test""#),
        record("both", r#""value":"k-both""#),
        record("mixed", r#""value":"k-mixed""#),
        record("good", r#""value":"k-good""#),
    ];
    let two = [
        record("digest-plain", &hashed("k-own")),
        record("digest-digest", test),
        record("both-too", r#""value":"k-both""#),
        record("mixed-too", &hashed("k-mixed")),
    ];
    gate.serve(&one.join(","), &two.join(","));
    for (key, name) in [
        ("k-own", Some("own")),
        ("test", Some("own")),
        ("k-good", Some("good")),
        ("k-both", None),
        ("k-mixed", None),
    ] {
        gate.is(key, name);
    }
    let told = gate.told().join("\n");
    let policys = "`own` of the policy has this key";
    for (record, other) in [
        ("source=one record=plain-plain ", policys),
        ("source=one record=plain-digest ", policys),
        ("source=two record=digest-plain ", policys),
        ("source=two record=digest-digest ", policys),
        ("source=one record=both ", "`both-too` of two has this key"),
        ("source=two record=both-too ", "`both` of one has this key"),
        (
            "source=one record=mixed ",
            "`mixed-too` of two has this key",
        ),
        (
            "source=two record=mixed-too ",
            "`mixed` of one has this key",
        ),
    ] {
        let is_it = |line: &&str| line.starts_with(record) && line.contains(other);
        assert_eq!(told.lines().filter(is_it).count(), 1, "{record}: {told}");
    }
    assert!(!told.contains("k-own") && !told.contains("good"), "{told}");
}

#[test]
fn compares_large_documents_in_slices() {
    let world = World::at(NOW);
    let gate = Gate::new(&world, "");
    let ticks = gate.serve(&records("a", 0..60_000), &records("b", 40_000..100_000));
    assert!(ticks > 60, "{ticks}");
    for (key, name) in [
        ("a-0", Some("c-0")),
        ("a-39999", Some("c-39999")),
        ("a-40000", None),
        ("b-59999", None),
        ("b-60000", Some("c-60000")),
        ("b-99999", Some("c-99999")),
    ] {
        gate.is(key, name);
    }
    assert_eq!(gate.consumers("one"), Some(40_000));
    assert_eq!(gate.consumers("two"), Some(40_000));
    assert_eq!(gate.left_out("two"), Some(20_000));
    assert!(gate.told().len() < 100);
}

#[test]
fn compares_documents_that_change_often() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    let often = policy("").replace("2s", "100ms");
    assert!(vm.configure(root, often.as_bytes()));
    let gate = Gate {
        world: &world,
        vm,
        root,
    };
    let large = records("a", 0..60_000);
    let mut told = Vec::new();
    for version in 0..200 {
        // Ticks are so late that the other document changes before this one is compared.
        let small = records(&format!("b{version}"), 0..1);
        world.pass(Duration::from_millis(100));
        gate.vm.tick(root);
        gate.reply(&large, &small);
        told.extend(gate.told());
    }
    assert!(told.iter().any(|line| line.contains("c-0")), "{told:?}");
    assert_eq!(gate.left_out("one"), Some(1));
}

/// One record for each number.
fn records(prefix: &str, numbers: std::ops::Range<u32>) -> String {
    let one = |number| {
        record(
            &format!("c-{number}"),
            &format!(r#""value":"{prefix}-{number}""#),
        )
    };
    numbers.map(one).collect::<Vec<_>>().join(",")
}
