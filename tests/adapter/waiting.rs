//! Exchanges that wait: callouts answered late, never, twice, at once; clients, policies and clusters that go away.

use postern::host::fake::{FakeVm, Outcome, World};

use crate::support::{NOW, ON_DEMAND, answered, forwarded, later, running, send, sound};

#[test]
fn a_callout_goes_out_in_the_root_and_its_reply_lets_the_request_go() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(outcome, Outcome::Held);
    let sent = vm.callouts();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].context, root,
        "a stream's callout would die with it"
    );
    assert_eq!(sent[0].cluster, "crm");
    assert!(!sent[0].timeout.is_zero());
    vm.reply_status(sent[0].token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(forwarded(&vm.outcome(stream), "x-tier"), [b"gold"]);
    sound(&vm);
}

#[test]
fn all_who_wait_for_one_flight_go_on_and_each_is_edited_itself() {
    let (vm, root) = running(ON_DEMAND);
    let streams: Vec<_> = (0..5).map(|_| send(&vm, root, "/ann/x").0).collect();
    let other = send(&vm, root, "/bob/x").0;
    let sent = vm.callouts();
    assert_eq!(sent.len(), 2, "one a key");
    vm.delete(streams[0]);
    vm.reply_status(sent[0].token, 200, br#"{"tier": "gold"}"#);
    for stream in &streams[1..] {
        assert_eq!(forwarded(&vm.outcome(*stream), "x-tier"), [b"gold"]);
    }
    assert_eq!(vm.outcome(other), Outcome::Held);
    vm.reply_status(sent[1].token, 404, b"");
    assert_eq!(answered(&vm.outcome(other)).0, 404);
    sound(&vm);
}

#[test]
fn a_reply_after_its_client_has_gone() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    let sent = vm.callouts();
    vm.delete(stream);
    vm.reply_status(sent[0].token, 200, br#"{"tier": "gold"}"#);
    vm.reply_status(sent[0].token, 200, br#"{"tier": "lead"}"#);
    assert_eq!(vm.vm().ignored().replies, 1);
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(forwarded(&outcome, "x-tier"), [b"gold"], "remembered");
    sound(&vm);
}

#[test]
fn a_reply_that_never_comes_ends_with_the_deadline() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, ON_DEMAND.as_bytes()));
    assert!(
        vm.host().ticks.get(&root).is_some_and(|period| *period > 0),
        "without a tick nobody would look at the deadline"
    );
    let (stream, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(outcome, Outcome::Held);
    later(&world, &vm, root, 1);
    assert_eq!(vm.outcome(stream), Outcome::Held);
    later(&world, &vm, root, 2);
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn no_reply_and_no_document_is_our_fault() {
    for body in [&b""[..], b"{", b"\xff\xff", b"[]]"] {
        let (vm, root) = running(ON_DEMAND);
        let (stream, _) = send(&vm, root, "/ann/x");
        let sent = vm.callouts();
        vm.reply_status(sent[0].token, 200, body);
        assert_eq!(answered(&vm.outcome(stream)).0, 503, "{body:?}");
        sound(&vm);
    }
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    vm.fail(vm.callouts()[0].token);
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn reply_headers_that_cannot_be_read_are_no_reply() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    vm.raw_reply(vm.callouts()[0].token, 3, vec![255; 40], b"{}");
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn a_cluster_that_is_not_there_denies_at_once() {
    let (vm, root) = running(ON_DEMAND);
    vm.script().clusters.insert("another".to_owned());
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome).0, 503);
    assert!(vm.callouts().is_empty());
    sound(&vm);
}

#[test]
fn a_host_that_answers_from_within_the_call() {
    let (vm, root) = running(ON_DEMAND);
    vm.script().answer_at_once = Some(404);
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome).0, 404);
    sound(&vm);
}

#[test]
fn a_second_push_to_a_root_denies_those_who_wait_for_the_first() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    let sent = vm.callouts();
    assert!(vm.configure(root, ON_DEMAND.as_bytes()));
    assert_eq!(
        answered(&vm.outcome(stream)),
        (503, "postern_policy_replaced".to_owned())
    );
    vm.reply_status(sent[0].token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(vm.vm().ignored().replies, 1);
    sound(&vm);
}

#[test]
fn a_root_that_ends_wakes_the_others_who_waited_for_its_flight() {
    let (vm, old) = running(ON_DEMAND);
    let (first, _) = send(&vm, old, "/ann/x");
    let new = vm.root();
    assert!(vm.configure(new, ON_DEMAND.as_bytes()));
    let (second, _) = send(&vm, new, "/ann/x");
    assert_eq!(
        vm.callouts().len(),
        1,
        "the store is the VM's, so is the flight"
    );
    vm.delete(first);
    vm.delete(old);
    vm.tick(new);
    for sent in vm.callouts() {
        vm.reply_status(sent.token, 200, br#"{"tier": "gold"}"#);
    }
    assert!(
        !matches!(vm.outcome(second), Outcome::Held),
        "nobody is left who would wake it"
    );
    sound(&vm);
}
