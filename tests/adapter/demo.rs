//! The host calls of each route of the demo's policy.

use postern::host::ContextId;
use postern::host::fake::FakeVm;

use crate::support::{get, sound, vm};

/// The demo's policy as the filter gets it, in a VM that has loaded the demo's documents.
fn demo() -> (FakeVm, ContextId) {
    let policy: serde_yaml_ng::Value =
        serde_yaml_ng::from_str(include_str!("../../envoy/policy.yaml")).unwrap();
    let vm = vm();
    let root = vm.root();
    assert!(vm.configure(root, serde_json::to_string(&policy).unwrap().as_bytes()));
    vm.tick(root);
    for callout in vm.callouts() {
        let path = callout
            .headers
            .iter()
            .find(|(name, _)| name == b":path")
            .map(|(_, path)| path.clone());
        let document = match path.as_deref() {
            Some(b"/partners.json") => include_str!("../../envoy/centre/partners.json"),
            Some(b"/tenants.json") => include_str!("../../envoy/centre/tenants.json"),
            other => panic!("{other:?} was asked for"),
        };
        vm.reply_status(callout.token, 200, document.as_bytes());
    }
    (vm, root)
}

/// The host calls of one exchange, by name.
fn calls(path: &str, key: Option<&str>) -> Vec<(String, u32)> {
    let (vm, root) = demo();
    let mut headers = get(path);
    headers.extend(key.map(|key| ("x-api-key", key.to_owned())));
    vm.script().calls.clear();
    let stream = vm.stream(root);
    let outcome = vm.request(stream, &headers);
    if matches!(outcome, postern::host::fake::RequestOutcome::Forwarded(_)) {
        vm.response(stream, &[(":status", "200")]);
    }
    vm.delete(stream);
    sound(&vm);
    let calls = vm.host().calls.clone();
    calls
        .iter()
        // A denial is logged at the level debug, which the fake host accepts, and Envoy only if it is set so.
        .filter(|(name, _)| **name != "proxy_log")
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

fn counted(expected: &[(&str, u32)]) -> Vec<(String, u32)> {
    expected
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

#[test]
fn counts_the_host_calls_of_each_route() {
    const FETCH: (&str, u32) = ("proxy_get_header_map_pairs", 1);
    const ANSWER: (&str, u32) = ("proxy_send_local_response", 1);
    // The key is removed; consumer, tenant, upstream and path are set.
    let orders = [
        FETCH,
        ("proxy_remove_header_map_value", 1),
        ("proxy_replace_header_map_value", 4),
    ];
    for key in ["mobile-key", "partner-key"] {
        assert_eq!(
            calls("/v1/acme/orders/7", Some(key)),
            counted(&orders),
            "{key}"
        );
    }
    for (path, key) in [
        ("/v1/acme/orders/7", None),
        ("/v1/acme/orders/7", Some("trial-key")),
        ("/v1/nobody/orders/7", Some("mobile-key")),
        ("/v0/acme", None),
        ("/health", None),
        ("/nowhere", None),
    ] {
        assert_eq!(
            calls(path, key),
            counted(&[FETCH, ANSWER]),
            "{path} {key:?}"
        );
    }
}
