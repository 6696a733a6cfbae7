//! Several policies in one VM that learn from the same source.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, Outcome, World};

use crate::support::{NOW, answered, forwarded, get, sound};

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

fn ask(vm: &FakeVm, root: ContextId, key: &str) -> Outcome {
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
fn a_document_that_one_policy_cannot_use_does_not_keep_its_last_one_alive() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let (plain, owning) = (vm.root(), vm.root());
    let carol = r#"{"name": "carol", "credentials": [{"apiKey": {"value": "k-own"}}]}"#;
    assert!(vm.configure(plain, policy("").as_bytes()));
    assert!(vm.configure(owning, policy(carol).as_bytes()));
    let old = r#"[{"name": "ann", "credentials": [{"apiKey": {"value": "k-ann"}}]}]"#;
    // Nobody but a consumer of the policy's own: that one can't use it.
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
