//! Requests by template: who gets which answer, and whose credentials a service refuses.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, World};

use crate::support::{NOW, answered, forwarded, get, running, sound};

/// A service that is asked whose session a cookie is. `more` stands in its `http`.
fn policy(more: &str) -> String {
    format!(
        r#"{{
        "sources": {{"who": {{"http": {{"cluster": "crm", "path": "/whoami", "headers": {{"cookie": "sid=${{cookie.sid}}"{more}}}}},
                              "onDemand": {{"ttl": "60s"}}}}}},
        "routes": [{{"name": "r", "match": [{{"path": {{"prefix": "/"}}}}], "require": "none",
                     "lookup": {{"me": {{"source": "who", "sendCredentials": ["cookie.sid"], "values": {{"id": "$.id"}}}}}},
                     "rewrite": {{"headers": {{"set": {{"x-id": "${{me.id}}"}}}}}}}}]}}"#
    )
}

/// A request with this session.
fn send(vm: &FakeVm, root: ContextId, session: &str) -> (ContextId, RequestOutcome) {
    let mut headers = get("/");
    headers.push(("cookie", format!("sid={session}")));
    let stream = vm.stream(root);
    let outcome = vm.request(stream, &headers);
    (stream, outcome)
}

#[test]
fn all_who_wait_for_one_request_get_its_answer_and_nobody_else() {
    // An answer that is not remembered is for those who wait.
    for cache in ["max-age=60", "no-store"] {
        let (vm, root) = running(&policy(""));
        let [first, second, other] = ["s1", "s1", "s2"].map(|session| send(&vm, root, session).0);
        let sent = vm.callouts();
        assert_eq!(sent.len(), 2, "one a session");
        let headers = [(":status", "200"), ("cache-control", cache)];
        vm.reply(sent[0].token, &headers, br#"{"id": "ann"}"#);
        for stream in [first, second] {
            assert_eq!(forwarded(&vm.outcome(stream), "x-id"), [b"ann"], "{cache}");
        }
        assert_eq!(vm.outcome(other), RequestOutcome::Held);
        vm.reply(sent[1].token, &headers, br#"{"id": "bob"}"#);
        assert_eq!(forwarded(&vm.outcome(other), "x-id"), [b"bob"]);
        let (_, again) = send(&vm, root, "s1");
        match cache {
            "no-store" => assert_eq!(again, RequestOutcome::Held),
            _ => assert_eq!(forwarded(&again, "x-id"), [b"ann"]),
        }
        sound(&vm);
    }
}

/// A 401 says that the client's session is wrong, unless the gate has credentials of its own in the request.
#[test]
fn a_refused_credential_of_a_client_is_not_the_gates() {
    for (more, reason, says) in [
        ("", "status", "refuses a client's credential"),
        (
            r#", "x-gate-token": "t""#,
            "refused",
            "refuses the gate's own credentials",
        ),
    ] {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        assert!(vm.configure(root, policy(more).as_bytes()));
        let (stream, _) = send(&vm, root, "s1");
        vm.reply_status(vm.callouts()[0].token, 401, b"");
        assert_eq!(answered(&vm.outcome(stream)).0, 503);
        world.pass(Duration::from_secs(1));
        vm.tick(root);
        let stat = format!("postern.source_failures.source=.=who;.;reason=.={reason};.;total");
        assert_eq!(world.stats().get(&stat), Some(&1), "{:?}", world.stats());
        let logs = vm.host().logs.clone();
        assert!(logs.iter().any(|(_, line)| line.contains(says)), "{logs:?}");
        sound(&vm);
    }
}

/// After a 401 to a client's key its remembered answer is not used for `staleFor`, also where the key is the lookup's own.
#[test]
fn the_answer_of_a_refused_key_is_forgotten() {
    let policy = r#"{
        "providers": {"keys": {"apiKey": {"from": [{"header": "x-key"}]}}},
        "consumers": [{"name": "ann", "credentials": [{"apiKey": {"value": "ann-key"}}]}],
        "sources": {"rights": {"http": {"cluster": "crm", "path": "/rights/${key}"}, "onDemand": {"ttl": "1s", "staleFor": "1h"}}},
        "routes": [{"name": "r", "match": [{"path": {"prefix": "/"}}], "require": "keys",
                    "lookup": {"it": {"source": "rights", "key": "${header.x-key}", "sendCredentials": ["keys"], "values": {"id": "$.id"}}},
                    "rewrite": {"headers": {"set": {"x-id": "${it.id}"}}}}]}"#;
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, policy.as_bytes()));
    let ask = || {
        let mut headers = get("/");
        headers.push(("x-key", "ann-key".to_owned()));
        let stream = vm.stream(root);
        (stream, vm.request(stream, &headers))
    };
    let (stream, _) = ask();
    vm.reply_status(vm.callouts()[0].token, 200, br#"{"id": "a"}"#);
    assert_eq!(forwarded(&vm.outcome(stream), "x-id"), [b"a"]);
    world.pass(Duration::from_secs(2));
    let (_, stale) = ask();
    assert_eq!(forwarded(&stale, "x-id"), [b"a"]);
    vm.reply_status(vm.callouts()[0].token, 401, b"");
    assert_eq!(answered(&ask().1).0, 503);
    sound(&vm);
}
