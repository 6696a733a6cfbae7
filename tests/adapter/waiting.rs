//! Exchanges that wait: replies that come late, never, twice or at once; clients, policies and clusters that go away.

use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, ON_DEMAND, WATCHED, answered, forwarded, later, running, send, sound};

#[test]
fn sends_a_callout_in_the_root_and_continues_by_its_reply() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(outcome, RequestOutcome::Held);
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
fn continues_all_requests_that_wait_for_one_callout() {
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
    assert_eq!(vm.outcome(other), RequestOutcome::Held);
    vm.reply_status(sent[1].token, 404, b"");
    assert_eq!(answered(&vm.outcome(other)).0, 404);
    sound(&vm);
}

#[test]
fn keeps_the_ticks_when_one_of_several_streams_ends() {
    let (vm, root) = running(ON_DEMAND);
    let period = vm.host().ticks.get(&root).copied();
    assert!(period.is_some_and(|period| period > 0));
    let (waiting, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(outcome, RequestOutcome::Held);
    // A request that is decided at once leaves nothing in the VM.
    let (decided, outcome) = send(&vm, root, "/a;b");
    assert_eq!(answered(&outcome).0, 400);
    vm.delete(decided);
    assert_eq!(vm.host().ticks.get(&root).copied(), period);
    vm.delete(waiting);
    assert_eq!(vm.host().ticks.get(&root).copied(), period);
    sound(&vm);
}

#[test]
fn ignores_a_reply_after_the_client_has_left() {
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
fn denies_at_the_deadline_without_a_reply() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, ON_DEMAND.as_bytes()));
    assert!(
        vm.host().ticks.get(&root).is_some_and(|period| *period > 0),
        "without a tick the deadline isn't checked"
    );
    let (stream, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(outcome, RequestOutcome::Held);
    later(&world, &vm, root, 1);
    assert_eq!(vm.outcome(stream), RequestOutcome::Held);
    later(&world, &vm, root, 2);
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn answers_503_without_a_reply_and_a_document() {
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
fn treats_unreadable_reply_headers_as_no_reply() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    vm.raw_reply(vm.callouts()[0].token, 3, vec![255; 40], b"{}");
    assert_eq!(answered(&vm.outcome(stream)).0, 503);
    sound(&vm);
}

#[test]
fn denies_at_once_where_the_cluster_is_unknown() {
    let (vm, root) = running(ON_DEMAND);
    vm.script().clusters.insert("another".to_owned());
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome).0, 503);
    assert!(vm.callouts().is_empty());
    sound(&vm);
}

#[test]
fn accepts_a_reply_from_within_the_call() {
    let (vm, root) = running(ON_DEMAND);
    vm.script().answer_at_once = Some(404);
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome).0, 404);
    sound(&vm);
}

#[test]
fn denies_waiting_requests_when_their_policy_is_replaced() {
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
fn wakes_waiting_requests_of_other_roots_when_a_root_ends() {
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
        !matches!(vm.outcome(second), RequestOutcome::Held),
        "nothing is left that would wake it"
    );
    sound(&vm);
}

#[test]
fn fetches_once_for_all_vms() {
    let world = World::at(NOW);
    let vms: Vec<_> = (1..=3).map(|name| FakeVm::new(&world, name)).collect();
    let roots: Vec<_> = vms.iter().map(FakeVm::root).collect();
    for (vm, root) in vms.iter().zip(&roots) {
        assert!(vm.configure(*root, WATCHED.as_bytes()));
        assert!(vm.callouts().is_empty(), "none from the configuration");
    }
    let held: Vec<_> = vms
        .iter()
        .zip(&roots)
        .map(|(vm, root)| send(vm, *root, "/x").0)
        .collect();
    for (vm, root) in vms.iter().zip(&roots) {
        vm.tick(*root);
    }
    let sent: Vec<_> = vms.iter().map(FakeVm::callouts).collect();
    assert_eq!(sent.iter().map(Vec::len).sum::<usize>(), 1, "{sent:?}");
    let fetcher = sent.iter().position(|sent| !sent.is_empty()).unwrap();
    vms[fetcher].reply_status(sent[fetcher][0].token, 200, br#"{"tier": "gold"}"#);
    for (vm, root) in vms.iter().zip(&roots) {
        later(&world, vm, *root, 1);
    }
    for (vm, stream) in vms.iter().zip(&held) {
        assert_eq!(forwarded(&vm.outcome(*stream), "x-tier"), [b"gold"]);
        sound(vm);
    }
}

#[test]
fn gives_the_lease_up_when_the_root_ends() {
    let world = World::at(NOW);
    let (first, second) = (FakeVm::new(&world, 1), FakeVm::new(&world, 2));
    let (old, new) = (first.root(), second.root());
    assert!(first.configure(old, WATCHED.as_bytes()));
    first.tick(old);
    assert_eq!(first.callouts().len(), 1);
    assert!(second.configure(new, WATCHED.as_bytes()));
    second.tick(new);
    assert!(second.callouts().is_empty(), "the lease is the other's");
    first.delete(old);
    second.tick(new);
    later(&world, &second, new, 1);
    assert_eq!(second.callouts().len(), 1, "without waiting for its end");
}

#[test]
fn denies_waiting_requests_where_the_context_cannot_be_changed() {
    let (vm, root) = running(ON_DEMAND);
    vm.script().restrict("proxy_set_effective_context");
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome).0, 503);
    sound(&vm);
}

/// The effective context alone says which stream is continued.
#[test]
fn continues_a_request_without_edits() {
    let policy = r#"{
        "sources": {"profile": {"http": {"cluster": "crm", "authority": "crm.local", "path": "/${key}"},
                                "onDemand": {"ttl": "60s"}}},
        "routes": [{"name": "r", "match": [{"path": {"template": "/{who}"}}], "require": "none",
                    "lookup": {"p": {"source": "profile", "key": "${path.who}", "values": {"in": "$.in"}}},
                    "authorize": {"all": [{"lookup": "p.in", "equals": true}]}}]}"#;
    let (vm, root) = running(policy);
    let (ann, _) = send(&vm, root, "/ann");
    let (bob, _) = send(&vm, root, "/bob");
    for (sent, body) in vm
        .callouts()
        .iter()
        .zip([&b"{\"in\":true}"[..], b"{\"in\":false}"])
    {
        vm.reply_status(sent.token, 200, body);
    }
    assert!(matches!(vm.outcome(ann), RequestOutcome::Forwarded(_)));
    assert_eq!(answered(&vm.outcome(bob)).0, 403);
    sound(&vm);
}

#[test]
fn knows_the_address_of_a_request_that_waited() {
    let policy = ON_DEMAND.replace(
        r#"{"x-tier":"#,
        r#"{"x-from": "${source.address}", "x-tier":"#,
    );
    let (vm, root) = running(&policy);
    let (stream, _) = send(&vm, root, "/ann/x");
    vm.reply_status(vm.callouts()[0].token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(forwarded(&vm.outcome(stream), "x-from"), [b"127.0.0.1"]);
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(forwarded(&outcome, "x-from"), [b"127.0.0.1"]);
    vm.script().restrict("proxy_get_property");
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome), (503, "postern_no_property".to_owned()));
    sound(&vm);
}

#[test]
fn denies_without_a_clock() {
    let (vm, root) = running(ON_DEMAND);
    let (stream, _) = send(&vm, root, "/ann/x");
    vm.reply_status(vm.callouts()[0].token, 200, br#"{"tier": "gold"}"#);
    assert_eq!(forwarded(&vm.outcome(stream), "x-tier"), [b"gold"]);
    vm.script().restrict("proxy_get_current_time_nanoseconds");
    let (_, outcome) = send(&vm, root, "/ann/x");
    assert_eq!(answered(&outcome), (503, "postern_no_clock".to_owned()));
    sound(&vm);
}

#[test]
fn ignores_a_late_reply_after_a_newer_callout() {
    for late in [Some(&br#"{"tier": "gold"}"#[..]), None] {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        assert!(vm.configure(root, ON_DEMAND.as_bytes()));
        let first = send(&vm, root, "/ann/x").0;
        // A worker that is blocked: neither a reply nor a tick for longer than a callout may take.
        world.pass(std::time::Duration::from_secs(4));
        let second = send(&vm, root, "/ann/x").0;
        let sent = vm.callouts();
        assert_eq!(sent.len(), 2);
        match late {
            Some(body) => vm.reply_status(sent[0].token, 200, body),
            None => vm.fail(sent[0].token),
        }
        assert_eq!(answered(&vm.outcome(first)).0, 503, "its time is up");
        let third = send(&vm, root, "/ann/x").0;
        assert_eq!(vm.callouts().len(), 1, "one is under way");
        vm.reply_status(sent[1].token, 200, br#"{"tier": "lead"}"#);
        for stream in [second, third] {
            assert_eq!(forwarded(&vm.outcome(stream), "x-tier"), [b"lead"]);
        }
        sound(&vm);
    }
}

#[test]
fn bounds_the_waiting_requests_of_a_vm() {
    let (vm, root) = running(ON_DEMAND);
    let mut last = None;
    for number in 0..16_384 {
        let (stream, outcome) = send(&vm, root, &format!("/{}/x", number % 8));
        assert_eq!(outcome, RequestOutcome::Held, "{number}");
        last = Some(stream);
    }
    assert_eq!(answered(&send(&vm, root, "/9/x").1).0, 503);
    vm.delete(last.unwrap());
    assert_eq!(send(&vm, root, "/9/x").1, RequestOutcome::Held);
    sound(&vm);
}

#[test]
fn ignores_a_late_document_after_a_newer_callout() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, WATCHED.as_bytes()));
    vm.tick(root);
    let late = vm.callouts()[0].token;
    for _ in 0..10 {
        later(&world, &vm, root, 1);
    }
    let sent = vm.callouts();
    let newest = sent.last().unwrap().token;
    assert!(late != newest, "it was sent for anew");
    vm.reply_status(late, 200, br#"{"tier": "gold"}"#);
    vm.reply_status(newest, 200, br#"{"tier": "lead"}"#);
    let (_, outcome) = send(&vm, root, "/x");
    assert_eq!(forwarded(&outcome, "x-tier"), [b"lead"]);
    sound(&vm);
}
