//! Documents without consumers: an empty list revokes them, a document without the list doesn't.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, answered, get, sound};

const ANN: &str = r#"{"name":"ann","credentials":[{"apiKey":{"value":"k-ann"}}]}"#;

fn policy(items: &str, max_shrink: &str, route: &str) -> String {
    format!(
        r#"{{
  "consumersFrom": [{{"source": "s", "items": "{items}", "maxShrink": "{max_shrink}"}}],
  "providers": {{"keys": {{"apiKey": {{"from": [{{"header": "x-api-key"}}]}}}}}},
  "sources": {{"s": {{"http": {{"cluster": "centre", "path": "/"}}, "refresh": "1s"}}}},
  "routes": [{{"name": "all", "require": "keys"{route}}}]
}}"#
    )
}

/// Serves a document at the next fetch.
fn fetch(world: &World, vm: &FakeVm, root: ContextId, document: &str) {
    for _ in 0..100 {
        world.pass(Duration::from_millis(100));
        vm.tick(root);
        if let Some(callout) = vm.callouts().first() {
            return vm.reply_status(callout.token, 200, document.as_bytes());
        }
    }
    panic!("nothing was fetched");
}

/// Serves a document, and says whether `ann` is accepted then.
fn serve(world: &World, vm: &FakeVm, root: ContextId, document: &str) -> bool {
    fetch(world, vm, root, document);
    let mut headers = get("/");
    headers.push(("x-api-key", "k-ann".to_owned()));
    let outcome = vm.request(vm.stream(root), &headers);
    sound(vm);
    if matches!(outcome, RequestOutcome::Forwarded(_)) {
        return true;
    }
    assert_eq!(answered(&outcome).0, 401);
    false
}

/// Both ways of reading: from the text, and from the value, which a lookup needs.
const ROUTES: [&str; 2] = [
    "",
    r#", "lookup": {"l": {"source": "s", "values": {"x": "$.x"}}}"#,
];

#[test]
fn revokes_the_last_consumer_by_an_empty_list_or_null_only() {
    for route in ROUTES {
        for (items, good, none, broken) in [
            (
                "$.consumers[*]",
                format!(r#"{{"consumers": [{ANN}]}}"#),
                vec![
                    r#"{"consumers": []}"#,
                    r#"{"consumers": null}"#,
                    r#"{"consumers": {}}"#,
                ],
                vec![
                    "{}",
                    "null",
                    "[]",
                    r#"{"consumers": "none"}"#,
                    r#"{"consumers": 0}"#,
                    r#"{"consumers": null, "consumers": false}"#,
                    r#"{"consumers": [{}], "consumers": null}"#,
                    r#"{"error": {"consumers": []}}"#,
                    r#"{"consumers": [null]}"#,
                ],
            ),
            (
                "$[*]",
                format!("[{ANN}]"),
                vec!["[]", "null", "{}"],
                vec!["0", r#""x""#],
            ),
            (
                "$.a[?@.name]",
                format!(r#"{{"a": [{ANN}]}}"#),
                vec![r#"{"a": []}"#, r#"{"a": null}"#],
                vec!["{}", r#"{"b": []}"#],
            ),
        ] {
            let world = World::at(NOW);
            let vm = FakeVm::new(&world, 1);
            let root = vm.root();
            assert!(vm.configure(root, policy(items, "100%", route).as_bytes()));
            for bad in broken {
                assert!(serve(&world, &vm, root, &good), "{items}");
                assert!(serve(&world, &vm, root, bad), "{items} {bad}");
            }
            let told = |(_, line): &(u32, String)| {
                line.contains("leads nowhere") && line.contains("an empty list or null")
            };
            assert!(vm.host().logs.iter().any(told));
            for empty in none {
                assert!(serve(&world, &vm, root, &good), "{items}");
                assert!(!serve(&world, &vm, root, empty), "{items} {empty}");
            }
        }
    }
}

#[test]
fn keeps_a_list_from_shrinking_to_nothing() {
    for route in ROUTES {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        let policy = policy("$.consumers[*]", "50%", route);
        assert!(vm.configure(root, policy.as_bytes()));
        let good = format!(r#"{{"consumers": [{ANN}]}}"#);
        assert!(serve(&world, &vm, root, &good));
        for empty in [r#"{"consumers": []}"#, r#"{"consumers": null}"#] {
            assert!(serve(&world, &vm, root, empty), "{empty}");
        }
    }
}

/// The same holds for the entries of an index.
#[test]
fn removes_the_last_entry_by_an_empty_list_or_null_only() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    let policy = r#"{
  "sources": {"s": {"http": {"cluster": "centre", "path": "/"}, "refresh": "1s", "index": {"items": "$.t[*]", "by": "$.id"}}},
  "routes": [{"name": "all", "require": "none", "lookup": {"l": {"source": "s", "key": "${header.x-t}", "values": {"x": "$.x"}}}}]
}"#;
    assert!(vm.configure(root, policy.as_bytes()));
    let ask = |document: &str| {
        fetch(&world, &vm, root, document);
        let mut headers = get("/");
        headers.push(("x-t", "a".to_owned()));
        vm.request(vm.stream(root), &headers)
    };
    let good = r#"{"t": [{"id": "a", "x": 1}]}"#;
    for broken in ["{}", r#"{"t": 0}"#, "null", r#"{"t": [{}]}"#] {
        assert!(matches!(ask(good), RequestOutcome::Forwarded(_)));
        assert!(
            matches!(ask(broken), RequestOutcome::Forwarded(_)),
            "{broken}"
        );
    }
    for empty in [r#"{"t": []}"#, r#"{"t": null}"#, r#"{"t": {}}"#] {
        assert!(matches!(ask(good), RequestOutcome::Forwarded(_)));
        assert_eq!(answered(&ask(empty)).0, 404, "{empty}");
    }
    sound(&vm);
}
