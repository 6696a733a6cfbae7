//! Every host call failing in turn, as where the operator restricts the module's capabilities.

use postern::host::Status;
use postern::host::fake::{FakeVm, Outcome, World};

use crate::support::{NOW, ON_DEMAND, SMALL, answered, get, kept_out, later, send, sound};

const CALLS: &[&str] = &[
    "proxy_log",
    "proxy_get_log_level",
    "proxy_get_header_map_pairs",
    "proxy_add_header_map_value",
    "proxy_replace_header_map_value",
    "proxy_remove_header_map_value",
    "proxy_send_local_response",
    "proxy_continue_stream",
    "proxy_http_call",
    "proxy_get_buffer_bytes",
    "proxy_set_tick_period_milliseconds",
    "proxy_get_current_time_nanoseconds",
    "proxy_get_shared_data",
    "proxy_set_shared_data",
    "proxy_set_effective_context",
    "proxy_get_property",
    "proxy_set_property",
    "proxy_define_metric",
    "proxy_increment_metric",
    "proxy_record_metric",
    "environ_get",
];

/// Another policy of the VM, which lets everybody in.
const OPEN: &str = r#"{"routes": [{"name": "open", "require": "none"}]}"#;

const STATUSES: &[Status] = &[
    Status::NOT_FOUND,
    Status::BAD_ARGUMENT,
    Status::CAS_MISMATCH,
    Status::INTERNAL_FAILURE,
    Status(12),
    Status(u32::MAX),
];

/// A request that needs a key and has none is never let in, whichever call fails, before or after the configuration.
#[test]
fn nothing_that_fails_lets_a_request_in() {
    for call in CALLS {
        for status in STATUSES {
            for early in [true, false] {
                for make in [FakeVm::new, FakeVm::native] {
                    fails(call, *status, early, make);
                }
            }
        }
    }
}

fn fails(call: &str, status: Status, early: bool, make: fn(&World, u64) -> FakeVm) {
    let world = World::at(NOW);
    let vm = make(&world, 1);
    let (other, root) = (vm.root(), vm.root());
    vm.configure(other, OPEN.as_bytes());
    let fail = || vm.script().failures.insert(call.to_owned(), status);
    if early {
        fail();
    }
    vm.configure(root, SMALL.as_bytes());
    fail();
    later(&world, &vm, other, 1);
    later(&world, &vm, root, 1);
    let (stream, outcome) = send(&vm, root, "/closed");
    kept_out(&vm, &outcome);
    vm.response(stream, &[(":status", "200")]);
    vm.delete(stream);
    vm.delete(root);
    sound(&vm);
}

/// A request that has to wait: it may be let in, but only as the document says; and no call that fails makes it so.
#[test]
fn nothing_that_fails_lets_a_waiting_request_in_without_its_document() {
    for call in CALLS {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        assert!(vm.configure(root, ON_DEMAND.as_bytes()));
        later(&world, &vm, root, 1);
        vm.script().restrict(call);
        let (stream, _) = send(&vm, root, "/ann/x");
        for sent in vm.callouts() {
            vm.reply_status(sent.token, 404, b"");
        }
        later(&world, &vm, root, 1);
        later(&world, &vm, root, 10);
        kept_out(&vm, &vm.outcome(stream));
        vm.delete(stream);
        vm.delete(root);
    }
}

#[test]
fn unreadable_headers_are_denied() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, SMALL.as_bytes()));
    vm.script().restrict("proxy_get_header_map_pairs");
    let (_, outcome) = send(&vm, root, "/open");
    assert_eq!(
        answered(&outcome),
        (503, "postern_unreadable_headers".to_owned())
    );
    vm.script().restrict("proxy_send_local_response");
    let (_, outcome) = send(&vm, root, "/open");
    assert_eq!(outcome, Outcome::Held);
}

/// The key is stripped by an edit; where that edit fails the request may not go on with it.
#[test]
fn an_edit_that_fails_denies() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, SMALL.as_bytes()));
    for call in [
        "proxy_add_header_map_value",
        "proxy_replace_header_map_value",
        "proxy_remove_header_map_value",
    ] {
        vm.script().restrict(call);
    }
    let stream = vm.stream(root);
    let mut headers = get("/closed");
    headers.push(("x-api-key", "k-1".to_owned()));
    let outcome = vm.request(stream, &headers);
    assert_eq!(
        answered(&outcome),
        (503, "postern_not_performed".to_owned())
    );
    sound(&vm);
}

/// A request that could not be let go on is denied: what its response was to get is nothing for the denial, and a
/// second denial would end Envoy itself.
#[test]
fn a_denial_in_place_of_going_on_is_left_alone() {
    let policy = r#"{
        "sources": {"doc": {"http": {"cluster": "centre", "path": "/doc.json"}, "refresh": "5s"}},
        "routes": [{"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "none",
                    "lookup": {"p": {"source": "doc", "values": {"tier": "$.tier"}, "hold": "5s"}},
                    "response": {"headers": {"set": {"x-gate": "yes"}}}}]}"#;
    for edits_fail in [false, true] {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        assert!(vm.configure(root, policy.as_bytes()));
        later(&world, &vm, root, 1);
        let (stream, outcome) = send(&vm, root, "/");
        assert_eq!(outcome, Outcome::Held);
        vm.script().restrict("proxy_continue_stream");
        if edits_fail {
            vm.script().restrict("proxy_replace_header_map_value");
        }
        vm.reply_status(vm.callouts()[0].token, 200, br#"{"tier": "gold"}"#);
        assert_eq!(
            answered(&vm.outcome(stream)),
            (503, "postern_not_performed".to_owned())
        );
        let edits = vm
            .host()
            .calls
            .get("proxy_replace_header_map_value")
            .copied();
        assert_eq!(edits, None);
        sound(&vm);
    }
}

/// Host calls that keep failing don't fill the log.
#[test]
fn trouble_is_told_once_a_minute() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, SMALL.as_bytes()));
    vm.tick(root);
    vm.script().log_level = 2;
    vm.script().logs.clear();
    vm.script().restrict("proxy_get_header_map_pairs");
    for _ in 0..100 {
        send(&vm, root, "/open");
    }
    assert_eq!(vm.host().logs.len(), 1, "{:?}", vm.host().logs);
}
