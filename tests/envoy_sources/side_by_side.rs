//! Several services for one request.

use std::time::{Duration, Instant};

use crate::centre::{Answer, Reply};
use crate::gateway::Gateway;

const POLICY: &str = r#"{
  "sources": {
    "a": {"http": {"cluster": "centre", "authority": "services.test", "path": "/a/${key}", "timeout": "10s"}, "onDemand": {"ttl": "60s"}},
    "b": {"http": {"cluster": "centre", "authority": "services.test", "path": "/b/${key}", "timeout": "10s"}, "onDemand": {"ttl": "60s"}}},
  "routes": [
    {"name": "both", "match": [{"path": {"template": "/both/{user}"}}], "require": "none",
     "lookup": {
       "a": {"source": "a", "key": "${path.user}", "values": {"v": "$.v"}, "onMissing": {"deny": 410}},
       "b": {"source": "b", "key": "${path.user}", "values": {"v": "$.v"}}},
     "authorize": {"all": [{"lookup": "a.v", "equals": "x"}, {"lookup": "b.v", "equals": "x"}]}},
    {"name": "chain", "match": [{"path": {"template": "/chain/{user}"}}], "require": "none",
     "lookup": {
       "a": {"source": "a", "key": "${path.user}", "values": {"v": "$.v"}},
       "b": {"source": "b", "key": "${path.user}-${a.v}", "values": {"v": "$.v"}}},
     "authorize": {"lookup": "b.v", "equals": "x"}}]
}"#;

/// How long a service takes.
const SLOW: Duration = Duration::from_millis(1500);

fn after(delay: Duration, status: u16) -> Reply {
    Reply::Answer(Answer {
        status,
        body: br#"{"v": "x"}"#.to_vec(),
        delay,
        ..Answer::default()
    })
}

/// The status of a request, and how long it took.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn timed(gateway: &Gateway, path: &str) -> (u16, Duration) {
    let start = Instant::now();
    let statuses = gateway.at_once(&[path.to_owned()]);
    (statuses[0], start.elapsed())
}

#[test]
fn two_slow_services_cost_one_wait() {
    let gateway = Gateway::start("envoy-side", POLICY, "services.test", |_| {});
    let set = |path: &str, reply: Reply| gateway.set_reply(path, reply);
    set("/a/ann", after(SLOW, 200));
    set("/b/ann", after(SLOW, 200));
    let (status, time) = timed(&gateway, "/both/ann");
    assert_eq!(status, 200);
    assert!(time >= SLOW && time < SLOW * 2, "both: {time:?}");
    set("/a/bob", after(SLOW, 200));
    set("/b/bob-x", after(SLOW, 200));
    let (status, time) = timed(&gateway, "/chain/bob");
    assert_eq!(status, 200);
    assert!(time >= SLOW * 2, "one after the other: {time:?}");
}

#[test]
fn the_first_refusal_in_the_policy_counts_whichever_answer_comes_first() {
    let gateway = Gateway::start("envoy-order", POLICY, "services.test", |_| {});
    let short = Duration::from_millis(100);
    for (user, [a, b]) in [("x", [SLOW, short]), ("y", [short, SLOW])] {
        gateway.set_reply(&format!("/a/{user}"), after(a, 404));
        gateway.set_reply(&format!("/b/{user}"), after(b, 500));
        let (status, _) = timed(&gateway, &format!("/both/{user}"));
        assert_eq!(status, 410, "{user}");
    }
}
