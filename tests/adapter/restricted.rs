//! Every host call failing in turn, as where the operator restricts the module's capabilities.

use postern::host::Status;
use postern::host::fake::{FakeVm, RequestOutcome, World};

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
    "proxy_call_foreign_function",
    "environ_get",
];

/// Another policy of the VM, which accepts every request.
const OPEN: &str = r#"{"routes": [{"name": "open", "require": "none"}]}"#;

const STATUSES: &[Status] = &[
    Status::NOT_FOUND,
    Status::BAD_ARGUMENT,
    Status::CAS_MISMATCH,
    Status::INTERNAL_FAILURE,
    Status(12),
    Status(u32::MAX),
];

/// A request without the key that it needs is denied, whichever call fails, before or after the configuration.
#[test]
fn denies_whichever_call_fails() {
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

/// A request that waits is accepted only by its document, whichever call fails.
#[test]
fn denies_a_waiting_request_whichever_call_fails() {
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
fn denies_where_headers_cannot_be_read() {
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
    assert_eq!(outcome, RequestOutcome::Held);
}

/// An edit removes the key. Where that edit fails, the request may not go on.
#[test]
fn denies_where_an_edit_fails() {
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

/// A request that can't go on is denied. The edits of its response aren't made in the denial, and there is no second denial,
/// which would end Envoy.
#[test]
fn leaves_a_denial_alone_where_the_request_cannot_go_on() {
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
        assert_eq!(outcome, RequestOutcome::Held);
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

/// Host calls that fail again and again don't fill the log.
#[test]
fn logs_a_failing_call_once_a_minute() {
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
