//! One VM fetches for all. Where it can't go on, another takes over.

use std::time::Duration;

use postern::host::fake::{FakeVm, World};

use crate::support::{NOW, WATCHED, forwarded, get, sound};

const DOCUMENT: &[u8] = br#"{"tier": "gold"}"#;

/// Longer than a lease lasts: refresh, jitter and margin.
const LONG: Duration = Duration::from_secs(30);

fn configured(world: &World, name: u64) -> (FakeVm, postern::host::ContextId) {
    let vm = FakeVm::new(world, name);
    let root = vm.root();
    assert!(vm.configure(root, WATCHED.as_bytes()));
    (vm, root)
}

/// Ticks every 100 ms, as Envoy would, until a callout is sent or the time is up.
fn ticked(world: &World, vm: &FakeVm, root: postern::host::ContextId, most: Duration) -> usize {
    let until = world.now().after(most);
    while vm.callouts().is_empty() && world.now() < until {
        world.pass(Duration::from_millis(100));
        vm.tick(root);
    }
    vm.callouts().len()
}

#[test]
fn shares_one_fetch_between_two_vms() {
    let world = World::at(NOW);
    let (one, first) = configured(&world, 1);
    let (two, second) = configured(&world, 2);
    one.tick(first);
    two.tick(second);
    assert_eq!((one.callouts().len(), two.callouts().len()), (1, 0));
    one.reply_status(one.callouts()[0].token, 200, DOCUMENT);
    two.tick(second);
    let stream = two.stream(second);
    let outcome = two.request(stream, &get("/x"));
    assert_eq!(forwarded(&outcome, "x-tier"), [b"gold"]);
    sound(&one);
    sound(&two);
}

#[test]
fn takes_the_lease_over_after_a_trap() {
    let world = World::at(NOW);
    let (one, first) = configured(&world, 1);
    let (two, second) = configured(&world, 2);
    one.tick(first);
    assert_eq!(one.callouts().len(), 1);
    two.tick(second);
    assert!(two.callouts().is_empty(), "the lease is the other's");
    // A trap: that VM doesn't run any more, and its lease isn't given up.
    drop(one);
    assert_eq!(ticked(&world, &two, second, LONG), 1);
    two.reply_status(two.callouts()[0].token, 200, DOCUMENT);
    let stream = two.stream(second);
    assert_eq!(
        forwarded(&two.request(stream, &get("/x")), "x-tier"),
        [b"gold"]
    );
    sound(&two);
}

#[test]
fn gives_the_lease_up_when_a_policy_is_replaced_while_it_fetches() {
    let world = World::at(NOW);
    let (one, first) = configured(&world, 1);
    let (two, second) = configured(&world, 2);
    one.tick(first);
    let lost = one.callouts()[0].token;
    // The new policy has another route, and the same source; then Envoy ends the old root.
    let successor = one.root();
    let policy = WATCHED.replace(r#""name": "r""#, r#""name": "other""#);
    assert!(one.configure(successor, policy.as_bytes()));
    one.delete(first);
    // The VM that is ticked next fetches anew, much sooner than the lease would have ended.
    assert_eq!(ticked(&world, &two, second, Duration::from_secs(1)), 1);
    two.reply_status(two.callouts()[0].token, 200, DOCUMENT);
    one.reply_status(lost, 200, br#"{"tier": "lead"}"#);
    one.tick(successor);
    for (vm, root) in [(&one, successor), (&two, second)] {
        let stream = vm.stream(root);
        let outcome = vm.request(stream, &get("/x"));
        assert_eq!(
            forwarded(&outcome, "x-tier"),
            [b"gold"],
            "the late reply counts for nothing"
        );
        sound(vm);
    }
}
