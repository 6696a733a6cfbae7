//! Upstreams by weight.

use postern::host::VmSeed;
use postern::host::fake::{Driver, FakeVm, World};

use crate::support::{NOW, forwarded, get, sound};

const STICKY: &str = r#"{"routing": {"header": "x-to", "allow": ["blue", "green"]}, "routes": [{"name": "r", "require": "none",
    "rewrite": {"upstream": {"weights": {"blue": 95, "green": 5}, "by": {"header": "x-user"}}}}]}"#;

/// The same split, written in another order, in a longer policy.
const OTHERWISE: &str = r#"{"routing": {"header": "x-to", "allow": ["green", "red", "blue"]}, "routes": [
    {"name": "other", "match": [{"path": {"prefix": "/other"}}], "require": "none"},
    {"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "none",
     "rewrite": {"upstream": {"weights": {"green": 50, "blue": 950}, "by": {"header": "x-user"}}}}]}"#;

const RANDOM: &str = r#"{"routing": {"header": "x-to", "allow": ["blue", "green"]}, "routes": [{"name": "r", "require": "none",
    "rewrite": {"upstream": {"weights": {"blue": 3, "green": 1}}}}]}"#;

/// Which of `users` go to `green`, by one VM.
fn greens(driver: Driver, seed: VmSeed, policy: &str, users: usize) -> Vec<usize> {
    let vm = FakeVm::start(&World::at(NOW), driver, seed);
    let root = vm.root();
    assert!(
        vm.configure(root, policy.as_bytes()),
        "{:?}",
        vm.host().logs
    );
    let mut greens = Vec::new();
    for user in 0..users {
        let mut headers = get("/");
        headers.push(("x-user", format!("user-{user}")));
        let stream = vm.stream(root);
        let outcome = vm.request(stream, &headers);
        match forwarded(&outcome, "x-to").as_slice() {
            [upstream] if upstream == b"green" => greens.push(user),
            [upstream] if upstream == b"blue" => {}
            other => panic!("{other:?}"),
        }
        vm.delete(stream);
    }
    sound(&vm);
    greens
}

#[test]
fn every_worker_sends_a_key_to_the_same_upstream() {
    // As in the unit test of the arithmetic.
    let expected = [6, 37, 49, 80, 88, 97, 128, 135, 137, 139, 165, 187];
    for driver in Driver::ALL {
        for (name, seed) in [(1, 2), (3, 4), (u64::MAX, 0)] {
            for policy in [STICKY, OTHERWISE] {
                assert_eq!(
                    greens(driver, VmSeed::of(name, seed), policy, 200),
                    expected
                );
            }
        }
    }
}

#[test]
fn a_random_draw_follows_the_weights_and_differs_by_vm() {
    let draws = |name| greens(Driver::Wasm, VmSeed::of(name, 5), RANDOM, 8000);
    let (one, other) = (draws(1), draws(2));
    // A quarter, with a standard deviation of 39.
    for drawn in [&one, &other] {
        assert!((1845..=2155).contains(&drawn.len()), "{}", drawn.len());
    }
    assert_ne!(one, other);
}
