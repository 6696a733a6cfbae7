//! Several policies in one VM that learn from the same source.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, ON_DEMAND, answered, forwarded, get, send, sound};

/// Consumers come from a document; `own` are the policy's.
fn policy(own: &str) -> String {
    format!(
        r#"{{
  "consumers": [{own}],
  "consumersFrom": [{{"source": "partners", "items": "$[*]"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"partners": {{"http": {{"cluster": "centre", "path": "/p"}}, "refresh": "2s", "staleFor": "20s"}}}},
  "routes": [{{"name": "all", "require": "keys"}}]
}}"#
    )
}

fn ask(vm: &FakeVm, root: ContextId, key: &str) -> RequestOutcome {
    let mut headers = get("/");
    headers.push(("x-api-key", key.to_owned()));
    vm.request(vm.stream(root), &headers)
}

/// Ticks `first` until it fetches, and answers.
fn fetch(world: &World, vm: &FakeVm, first: ContextId, body: &str) {
    let before = vm.callouts().len();
    for _ in 0..100 {
        world.pass(Duration::from_millis(100));
        vm.tick(first);
        if let Some(callout) = vm.callouts().get(before) {
            return vm.reply_status(callout.token, 200, body.as_bytes());
        }
    }
    panic!("nothing was fetched");
}

#[test]
fn drops_a_document_that_one_policy_cannot_use() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let (plain, owning) = (vm.root(), vm.root());
    let carol = r#"{"name": "carol", "credentials": [{"apiKey": {"value": "k-own"}}]}"#;
    assert!(vm.configure(plain, policy("").as_bytes()));
    assert!(vm.configure(owning, policy(carol).as_bytes()));
    let old = r#"[{"name": "ann", "credentials": [{"apiKey": {"value": "k-ann"}}]}]"#;
    // Its only record has the name of a consumer of the policy, so that policy can't use it.
    let new = r#"[{"name": "carol", "credentials": [{"apiKey": {"value": "k-new"}}]}]"#;
    fetch(&world, &vm, plain, old);
    vm.tick(owning);
    for root in [plain, owning] {
        assert_eq!(
            forwarded(&ask(&vm, root, "k-ann"), "x-consumer-name"),
            [b"ann"]
        );
    }
    fetch(&world, &vm, plain, new);
    vm.tick(owning);
    assert_eq!(answered(&ask(&vm, plain, "k-ann")).0, 401);
    assert_eq!(
        forwarded(&ask(&vm, owning, "k-ann"), "x-consumer-name"),
        [b"ann"],
        "its last good one, for `staleFor`"
    );
    for _ in 0..12 {
        fetch(&world, &vm, plain, new);
        vm.tick(owning);
    }
    assert_eq!(
        forwarded(&ask(&vm, plain, "k-new"), "x-consumer-name"),
        [b"carol"]
    );
    assert_eq!(answered(&ask(&vm, owning, "k-ann")).0, 503);
    assert_eq!(
        forwarded(&ask(&vm, owning, "k-own"), "x-consumer-name"),
        [b"carol"]
    );
    sound(&vm);
}

const ANN: &str = r#"[{"name": "ann", "credentials": [{"apiKey": {"value": "k-ann"}}]}]"#;

#[test]
fn keeps_documents_when_a_push_changes_how_they_are_asked_for() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let mut root = vm.root();
    assert!(vm.configure(root, policy("").as_bytes()));
    fetch(&world, &vm, root, ANN);
    for (from, to) in [
        (r#""refresh": "2s""#, r#""refresh": "1h""#),
        (r#""staleFor": "20s""#, r#""staleFor": "1m""#),
        (r#""path": "/p""#, r#""path": "/p", "timeout": "9s""#),
        (
            r#"[{"header": "x-api-key"}]"#,
            r#"[{"cookie": "k"}, {"header": "x-api-key"}], "realm": "r", "forward": true"#,
        ),
    ] {
        let pushed = policy("").replace(from, to);
        let next = vm.root();
        assert!(vm.configure(next, pushed.as_bytes()));
        vm.delete(root);
        root = next;
        assert_eq!(
            forwarded(&ask(&vm, root, "k-ann"), "x-consumer-name"),
            [b"ann"],
            "{to}"
        );
        vm.tick(root);
        assert_eq!(vm.callouts().len(), 0, "{to}");
    }
    sound(&vm);
}

/// Lets time pass with ticks of all roots, and answers each fetch. Returns the number of fetches.
fn fetches(world: &World, vm: &FakeVm, roots: &[ContextId], seconds: u64) -> usize {
    let until = world.now().after(Duration::from_secs(seconds));
    let mut answered = Vec::new();
    while world.now() < until {
        world.pass(Duration::from_millis(100));
        for root in roots {
            vm.tick(*root);
        }
        for callout in vm.callouts() {
            vm.reply_status(callout.token, 200, ANN.as_bytes());
            answered.push(callout.token);
        }
    }
    answered.len()
}

#[test]
fn fetches_as_often_as_the_more_demanding_policy_wants() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let (seldom, often) = (vm.root(), vm.root());
    let hourly = policy("").replace(r#""refresh": "2s""#, r#""refresh": "1h""#);
    assert!(vm.configure(seldom, hourly.as_bytes()));
    assert_eq!(fetches(&world, &vm, &[seldom], 60), 1);
    // At once, not in an hour.
    assert!(vm.configure(often, policy("").as_bytes()));
    let count = fetches(&world, &vm, &[seldom, often], 60);
    assert!((25..=40).contains(&count), "{count}");
    // So it is whichever root is ticked.
    let count = fetches(&world, &vm, &[seldom], 60);
    assert!((25..=40).contains(&count), "{count}");
    vm.delete(often);
    let count = fetches(&world, &vm, &[seldom], 60);
    assert!(count <= 1, "{count}");
    sound(&vm);
}

#[test]
fn uses_a_stale_document_as_long_as_each_policy_says() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let (short, long) = (vm.root(), vm.root());
    let patient = policy("").replace(r#""staleFor": "20s""#, r#""staleFor": "1h""#);
    assert!(vm.configure(short, policy("").as_bytes()));
    assert!(vm.configure(long, patient.as_bytes()));
    fetch(&world, &vm, short, ANN);
    for (seconds, usable) in [
        (0, [true, true]),
        (30, [false, true]),
        (3600, [false, false]),
    ] {
        world.pass(Duration::from_secs(seconds));
        for (root, usable) in [short, long].into_iter().zip(usable) {
            vm.tick(root);
            let outcome = ask(&vm, root, "k-ann");
            if usable {
                assert_eq!(forwarded(&outcome, "x-consumer-name"), [b"ann"]);
            } else {
                assert_eq!(answered(&outcome).0, 503, "{seconds}");
            }
        }
    }
    sound(&vm);
}

#[test]
fn applies_the_ttl_of_each_policy_to_shared_answers() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let (long, short) = (vm.root(), vm.root());
    assert!(vm.configure(long, ON_DEMAND.as_bytes()));
    let hurried = ON_DEMAND.replace(r#""ttl": "60s""#, r#""ttl": "1s", "staleFor": "0s""#);
    assert!(vm.configure(short, hurried.as_bytes()));
    let gold = |root| forwarded(&send(&vm, root, "/ann/x").1, "x-tier") == [b"gold"];
    let (stream, _) = send(&vm, long, "/ann/x");
    vm.reply_status(vm.callouts()[0].token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(forwarded(&vm.outcome(stream), "x-tier"), [b"gold"]);
    assert!(gold(short));
    world.pass(Duration::from_secs(2));
    assert!(gold(long));
    assert_eq!(vm.callouts().len(), 0);
    let (stream, _) = send(&vm, short, "/ann/x");
    // Its failure changes nothing for the policy that may still use the old answer.
    vm.reply_status(vm.callouts()[0].token, 500, b"");
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    assert_eq!(answered(&send(&vm, short, "/ann/x").1).0, 503);
    assert_eq!(vm.callouts().len(), 0, "it isn't asked again at once");
    assert!(gold(long));
    sound(&vm);
}
