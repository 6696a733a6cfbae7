//! Exchanges that wait for several callouts at once: replies in every order, and some that never come.

use std::time::Duration;

use postern::host::ContextId;
use postern::host::fake::{FakeVm, RequestOutcome, SentCallout, World};

use crate::support::{NOW, answered, forwarded, later, running, send, sound};

/// A route with three lookups that need nothing of each other, and one that needs the first and the second.
const POLICY: &str = r#"{
  "sources": {
    "a": {"http": {"cluster": "a", "authority": "a.local", "path": "/a/${key}", "timeout": "2s"}, "onDemand": {"ttl": "60s"}},
    "b": {"http": {"cluster": "b", "authority": "b.local", "path": "/b/${key}", "timeout": "5s"}, "onDemand": {"ttl": "60s"}},
    "c": {"http": {"cluster": "c", "authority": "c.local", "path": "/c/${key}", "timeout": "5s"}, "onDemand": {"ttl": "60s"}},
    "d": {"http": {"cluster": "d", "authority": "d.local", "path": "/d/${key}", "timeout": "5s"}, "onDemand": {"ttl": "60s"}}
  },
  "routes": [
    {"name": "r", "match": [{"path": {"template": "/{who}"}}], "require": "none",
     "lookup": {
       "a": {"source": "a", "key": "${path.who}", "values": {"v": "$.v"}, "onMissing": {"deny": 401}, "onFailure": {"deny": 501}},
       "b": {"source": "b", "key": "${path.who}", "values": {"v": "$.v"}, "onMissing": {"default": {"v": "none"}}, "onFailure": {"deny": 502}},
       "c": {"source": "c", "key": "${path.who}", "values": {"v": "$.v"}, "onMissing": {"deny": 403}, "onFailure": {"default": {"v": "lost"}}},
       "d": {"source": "d", "key": "${a.v}-${b.v}", "values": {"v": "$.v"}, "onMissing": {"deny": 404}}},
     "rewrite": {"headers": {"set": {"x-values": "${a.v} ${b.v} ${c.v} ${d.v}"}}}}
  ]
}"#;

/// The orders of three things.
const ORDERS: [[usize; 3]; 6] = [
    [0, 1, 2],
    [0, 2, 1],
    [1, 0, 2],
    [1, 2, 0],
    [2, 0, 1],
    [2, 1, 0],
];

#[derive(Clone, Copy, Debug)]
enum Answer {
    Found,
    Missing,
    Failed,
}

fn answer(vm: &FakeVm, sent: &SentCallout, answer: Answer) {
    match answer {
        Answer::Found => {
            let body = format!(r#"{{"v": "{}"}}"#, sent.cluster);
            vm.reply_status(sent.token, 200, body.as_bytes());
        }
        Answer::Missing => vm.reply_status(sent.token, 404, b""),
        Answer::Failed => vm.fail(sent.token),
    }
}

fn clusters(sent: &[SentCallout]) -> Vec<&str> {
    sent.iter().map(|sent| &*sent.cluster).collect()
}

/// What the client gets: the values, or the status.
fn end(vm: &FakeVm, stream: ContextId) -> String {
    match vm.outcome(stream) {
        outcome @ RequestOutcome::Forwarded(_) => {
            let values = forwarded(&outcome, "x-values").concat();
            String::from_utf8(values).unwrap()
        }
        outcome @ (RequestOutcome::Answered(_) | RequestOutcome::Held) => {
            answered(&outcome).0.to_string()
        }
    }
}

/// The outcome by the policy's order.
fn expected([a, b, c]: [Answer; 3]) -> &'static str {
    match (a, b, c) {
        (Answer::Missing, _, _) => "401",
        (Answer::Failed, _, _) => "501",
        (_, Answer::Failed, _) => "502",
        (_, _, Answer::Missing) => "403",
        (_, Answer::Found, Answer::Found) => "a b c d",
        (_, Answer::Found, Answer::Failed) => "a b lost d",
        (_, Answer::Missing, Answer::Found) => "a none c d",
        (_, Answer::Missing, Answer::Failed) => "a none lost d",
    }
}

#[test]
fn the_outcome_does_not_depend_on_the_order_of_the_replies() {
    let all = [Answer::Found, Answer::Missing, Answer::Failed];
    let pairs = all.iter().flat_map(|a| all.iter().map(move |b| (*a, *b)));
    for (answers, order) in pairs
        .flat_map(|(a, b)| all.iter().map(move |c| [a, b, *c]))
        .flat_map(|answers| ORDERS.iter().map(move |order| (answers, order)))
    {
        let (vm, root) = running(POLICY);
        let (stream, outcome) = send(&vm, root, "/ann");
        assert_eq!(outcome, RequestOutcome::Held);
        let sent = vm.callouts();
        assert_eq!(clusters(&sent), ["a", "b", "c"], "all before the wait");
        for (number, at) in order.iter().enumerate() {
            assert_eq!(vm.outcome(stream), RequestOutcome::Held, "after {number}");
            answer(&vm, &sent[*at], answers[*at]);
        }
        let last = vm.callouts();
        if expected(answers).len() > 3 {
            assert_eq!(clusters(&last), ["d"]);
            answer(&vm, &last[0], Answer::Found);
        } else {
            assert!(last.is_empty(), "a lookup that isn't reached is not asked");
        }
        assert_eq!(end(&vm, stream), expected(answers), "{answers:?} {order:?}");
        sound(&vm);
    }
}

#[test]
fn waits_for_each_callout_no_longer_than_its_time() {
    for (lost, expected) in [("a", "501"), ("b", "502"), ("c", "503")] {
        let world = World::at(NOW);
        let vm = FakeVm::new(&world, 1);
        let root = vm.root();
        assert!(vm.configure(root, POLICY.as_bytes()));
        let (stream, _) = send(&vm, root, "/ann");
        let sent = vm.callouts();
        for sent in sent.iter().filter(|sent| sent.cluster != lost) {
            answer(&vm, sent, Answer::Found);
        }
        // Half a second more than the timeout of the callout that is lost.
        let seconds = if lost == "a" { 2 } else { 5 };
        later(&world, &vm, root, seconds);
        assert_eq!(vm.outcome(stream), RequestOutcome::Held);
        later(&world, &vm, root, 1);
        // The last lookup is not waited for any more.
        assert_eq!(end(&vm, stream), expected, "{lost}");
        sound(&vm);
    }
}

#[test]
fn a_request_that_leaves_ends_all_its_waits() {
    let (vm, root) = running(POLICY);
    let (first, _) = send(&vm, root, "/ann");
    let (second, _) = send(&vm, root, "/ann");
    let sent = vm.callouts();
    assert_eq!(clusters(&sent), ["a", "b", "c"], "one flight for both");
    answer(&vm, &sent[1], Answer::Found);
    vm.delete(first);
    answer(&vm, &sent[2], Answer::Found);
    answer(&vm, &sent[0], Answer::Found);
    let last = vm.callouts();
    answer(&vm, &last[0], Answer::Found);
    assert_eq!(end(&vm, second), "a b c d");
    sound(&vm);
}

#[test]
fn requests_that_join_at_different_times_get_the_same() {
    let (vm, root) = running(POLICY);
    let (first, _) = send(&vm, root, "/ann");
    let sent = vm.callouts();
    answer(&vm, &sent[2], Answer::Found);
    let (second, _) = send(&vm, root, "/ann");
    let under_way = vm.callouts();
    assert_eq!(clusters(&under_way), ["a", "b"], "one is known");
    answer(&vm, &sent[0], Answer::Found);
    let (third, _) = send(&vm, root, "/ann");
    assert_eq!(clusters(&vm.callouts()), ["b"]);
    answer(&vm, &sent[1], Answer::Found);
    let last = vm.callouts();
    assert_eq!(clusters(&last), ["d"], "one flight for all");
    answer(&vm, &last[0], Answer::Found);
    for stream in [first, second, third] {
        assert_eq!(end(&vm, stream), "a b c d");
    }
    sound(&vm);
}

#[test]
fn a_flight_of_another_policy_that_ends_is_sent_anew() {
    let (vm, old) = running(POLICY);
    let (first, _) = send(&vm, old, "/ann");
    let sent = vm.callouts();
    let new = vm.root();
    assert!(vm.configure(new, POLICY.as_bytes()));
    let (second, _) = send(&vm, new, "/ann");
    assert_eq!(vm.callouts().len(), 3, "the store is the VM's");
    answer(&vm, &sent[0], Answer::Found);
    vm.delete(first);
    vm.delete(old);
    vm.tick(new);
    let own = || {
        let mut sent = vm.callouts();
        sent.retain(|sent| sent.context == new);
        sent
    };
    let again = own();
    assert_eq!(clusters(&again), ["b", "c"]);
    for sent in &again {
        answer(&vm, sent, Answer::Found);
    }
    answer(&vm, &own()[0], Answer::Found);
    assert_eq!(end(&vm, second), "a b c d");
    sound(&vm);
}

/// A route that waits for a first document and for a callout.
const HELD: &str = r#"{
  "sources": {
    "doc": {"http": {"cluster": "centre", "authority": "centre.local", "path": "/doc.json"}, "refresh": "60s"},
    "a": {"http": {"cluster": "a", "authority": "a.local", "path": "/a/${key}", "timeout": "5s"}, "onDemand": {"ttl": "60s"}}},
  "routes": [
    {"name": "r", "match": [{"path": {"template": "/{who}"}}], "require": "none",
     "lookup": {
       "a": {"source": "doc", "values": {"v": "$.v"}, "hold": "2s", "onFailure": {"deny": 501}},
       "b": {"source": "a", "key": "${path.who}", "values": {"v": "$.v"}, "onFailure": {"deny": 502}}},
     "rewrite": {"headers": {"set": {"x-values": "${a.v} ${b.v}"}}}}]}"#;

#[test]
fn a_first_document_and_a_callout_are_waited_for_at_once() {
    for order in [[0, 1], [1, 0]] {
        let (vm, root) = running(HELD);
        vm.tick(root);
        let (stream, _) = send(&vm, root, "/ann");
        let sent = vm.callouts();
        assert_eq!(clusters(&sent), ["centre", "a"]);
        for at in order {
            assert_eq!(vm.outcome(stream), RequestOutcome::Held);
            answer(&vm, &sent[at], Answer::Found);
        }
        assert_eq!(end(&vm, stream), "centre a");
        sound(&vm);
    }
}

#[test]
fn a_first_document_that_does_not_come_is_waited_for_as_long_as_hold_says() {
    let world = World::at(NOW);
    let vm = FakeVm::new(&world, 1);
    let root = vm.root();
    assert!(vm.configure(root, HELD.as_bytes()));
    vm.tick(root);
    let (stream, _) = send(&vm, root, "/ann");
    let sent = vm.callouts();
    vm.fail(sent[0].token);
    answer(&vm, &sent[1], Answer::Found);
    let pass = |span| {
        world.pass(Duration::from_millis(span));
        vm.tick(root);
        for sent in vm.callouts() {
            vm.fail(sent.token);
        }
    };
    pass(1900);
    assert_eq!(vm.outcome(stream), RequestOutcome::Held);
    pass(200);
    assert_eq!(end(&vm, stream), "501");
    sound(&vm);
}

#[test]
fn requests_that_wait_together_share_an_answer_that_is_not_remembered() {
    let (vm, root) = running(POLICY);
    let (first, _) = send(&vm, root, "/ann");
    let (second, _) = send(&vm, root, "/ann");
    let forget = |sent: &SentCallout| {
        let body = format!(r#"{{"v": "{}"}}"#, sent.cluster);
        let headers = [(":status", "200"), ("cache-control", "no-store")];
        vm.reply(sent.token, &headers, body.as_bytes());
    };
    let sent = vm.callouts();
    assert_eq!(clusters(&sent), ["a", "b", "c"]);
    sent.iter().for_each(forget);
    let last = vm.callouts();
    assert_eq!(
        clusters(&last),
        ["d"],
        "the answers are not asked for again"
    );
    last.iter().for_each(forget);
    for stream in [first, second] {
        assert_eq!(end(&vm, stream), "a b c d");
    }
    let (_, outcome) = send(&vm, root, "/ann");
    assert_eq!(outcome, RequestOutcome::Held);
    assert_eq!(
        clusters(&vm.callouts()),
        ["a", "b", "c"],
        "none is remembered"
    );
    sound(&vm);
}

/// Two policies of one VM, with one source each, of the same definition but for the headers that lookups read.
#[test]
fn policies_with_other_headers_have_answers_of_their_own() {
    let policy = |value: &str| {
        format!(
            r#"{{
  "sources": {{"a": {{"http": {{"cluster": "a", "authority": "a.local", "path": "/a/${{key}}"}}, "onDemand": {{"ttl": "60s"}}}}}},
  "routes": [
    {{"name": "r", "match": [{{"path": {{"template": "/{{who}}"}}}}], "require": "none",
     "lookup": {{"a": {{"source": "a", "key": "${{path.who}}", "values": {{"v": {value}}}}}}},
     "rewrite": {{"headers": {{"set": {{"x-values": "${{a.v}}"}}}}}}}}]}}"#
        )
    };
    let vm = crate::support::vm();
    for (value, expected, is_new) in [
        (r#""$.v""#, "content", true),
        (r#"{"header": "x-plan"}"#, "gold", true),
        (r#"{"header": "x-left"}"#, "7", true),
        (r#"{"header": "x-plan"}"#, "gold", false),
        (r#"{"first": ["$.none", "$.v"]}"#, "content", false),
    ] {
        let root = vm.root();
        assert!(vm.configure(root, policy(value).as_bytes()));
        let (stream, _) = send(&vm, root, "/ann");
        let sent = vm.callouts();
        assert_eq!(!sent.is_empty(), is_new, "{value}");
        for sent in sent {
            let headers = [(":status", "200"), ("x-plan", "gold"), ("x-left", "7")];
            vm.reply(sent.token, &headers, br#"{"v": "content"}"#);
        }
        assert_eq!(end(&vm, stream), expected);
    }
    sound(&vm);
}
