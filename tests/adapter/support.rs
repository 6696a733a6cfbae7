//! Shared by the tests of the adapter.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, Pairs, RequestOutcome, World};
use postern::time::Timestamp;

/// 2026-01-01T00:00:00Z.
pub(crate) const NOW: Timestamp = Timestamp::from_nanos(1_767_225_600_000_000_000);

/// A policy with two routes: `/open` needs nothing, `/closed` needs a key.
pub(crate) const SMALL: &str = r#"{
  "consumers": [{"name": "app", "credentials": [{"apiKey": {"provider": "keys", "value": "k-1"}}]}],
  "providers": {"keys": {"apiKey": {"from": [{"header": "x-api-key"}]}}},
  "routes": [
    {"name": "open", "match": [{"path": {"prefix": "/open"}}], "require": "none"},
    {"name": "closed", "match": [{"path": {"prefix": "/closed"}}], "require": {"any": ["keys"]}}
  ]
}"#;

/// A policy with one route, which waits for a document on demand: one callout for each key, to the cluster `crm`.
pub(crate) const ON_DEMAND: &str = r#"{
  "sources": {"profile": {"http": {"cluster": "crm", "authority": "crm.local", "path": "/profiles/${key}"},
                          "onDemand": {"ttl": "60s", "missTtl": "5s", "maxInFlight": 32, "maxKeyBytes": 256}}},
  "routes": [
    {"name": "r", "match": [{"path": {"template": "/{who}/{rest=**}"}}], "require": "none",
     "lookup": {"p": {"source": "profile", "key": "${path.who}", "values": {"tier": "$.tier"}, "hold": "2s",
                      "onMissing": {"deny": 404}}},
     "rewrite": {"headers": {"set": {"x-tier": "${p.tier}"}}}}
  ]
}"#;

/// A policy with one route, which waits for a document that is polled from the cluster `centre`.
pub(crate) const WATCHED: &str = r#"{
  "sources": {"doc": {"http": {"cluster": "centre", "authority": "centre.local", "path": "/doc.json"}, "refresh": "5s"}},
  "routes": [
    {"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "none",
     "lookup": {"p": {"source": "doc", "values": {"tier": "$.tier"}, "hold": "5s"}},
     "rewrite": {"headers": {"set": {"x-tier": "${p.tier}"}}},
     "response": {"headers": {"remove": ["server"], "set": {"x-gate": "yes"}}}}
  ]
}"#;

/// A VM in a world of its own.
pub(crate) fn vm() -> FakeVm {
    FakeVm::new(&World::at(NOW), 1)
}

/// A VM with one root that runs `policy`.
pub(crate) fn running(policy: &str) -> (FakeVm, ContextId) {
    let vm = vm();
    let root = vm.root();
    assert!(
        vm.configure(root, policy.as_bytes()),
        "{:?}",
        vm.host().logs
    );
    (vm, root)
}

/// The headers of a plain request.
pub(crate) fn get(path: &str) -> Vec<(&'static str, String)> {
    vec![
        (":method", "GET".to_owned()),
        (":scheme", "http".to_owned()),
        (":authority", "api.example.com".to_owned()),
        (":path", path.to_owned()),
    ]
}

/// A plain request on a stream of its own.
pub(crate) fn send(vm: &FakeVm, root: ContextId, path: &str) -> (ContextId, RequestOutcome) {
    let stream = vm.stream(root);
    let outcome = vm.request(stream, &get(path));
    (stream, outcome)
}

/// The status and the response-code details of an answer; anything else fails the test.
#[track_caller]
pub(crate) fn answered(outcome: &RequestOutcome) -> (u32, String) {
    match outcome {
        RequestOutcome::Answered(local) => (local.status, local.details.clone()),
        RequestOutcome::Forwarded(_) | RequestOutcome::Held => {
            panic!("not answered: {}", brief(outcome))
        }
    }
}

/// The values of `name` in a request that was let through; anything else fails the test.
#[track_caller]
pub(crate) fn forwarded(outcome: &RequestOutcome, name: &str) -> Vec<Vec<u8>> {
    let RequestOutcome::Forwarded(pairs) = outcome else {
        panic!("not forwarded: {}", brief(outcome));
    };
    values(pairs, name)
}

/// The values of `name`.
pub(crate) fn values(pairs: &Pairs, name: &str) -> Vec<Vec<u8>> {
    let of = pairs.iter().filter(|(key, _)| key == name.as_bytes());
    of.map(|(_, value)| value.clone()).collect()
}

/// A short description of an outcome: headers may be a megabyte.
pub(crate) fn brief(outcome: &RequestOutcome) -> String {
    match outcome {
        RequestOutcome::Forwarded(pairs) => format!("forwarded with {} headers", pairs.len()),
        RequestOutcome::Answered(local) => format!("answered {} {}", local.status, local.details),
        RequestOutcome::Held => "held".to_owned(),
    }
}

/// Fails the test where the request was accepted, or Envoy would have ended.
#[track_caller]
pub(crate) fn kept_out(vm: &FakeVm, outcome: &RequestOutcome) {
    assert!(
        !matches!(outcome, RequestOutcome::Forwarded(_)),
        "let in: {}",
        brief(outcome)
    );
    sound(vm);
}

/// Fails the test where Envoy would have ended.
#[track_caller]
pub(crate) fn sound(vm: &FakeVm) {
    assert_eq!(vm.violations(), Vec::<String>::new());
}

/// Lets time pass and ticks.
pub(crate) fn later(world: &World, vm: &FakeVm, root: ContextId, seconds: u64) {
    world.pass(Duration::from_secs(seconds));
    vm.tick(root);
}
