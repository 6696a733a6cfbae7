//! Requests that the gate builds from a client's request, to a service in trouble: it is slow, down, sends too much, or answers for
//! another user. Nobody gets another user's answer, and no failure lets a request in.

use std::time::{Duration, Instant};

use crate::centre::{Answer, Reply};
use crate::gateway::{Expect, Gateway, WORKERS};
use crate::wait::pause;
use crate::{faults, profile};

const USERS: usize = 8;

/// Each user has a key, and the service is told who asks. The route compares the user in the answer with the one who asks.
fn policy(lifetimes: &str) -> String {
    let consumer = |at: usize| {
        format!(r#"{{"name": "u{at}", "credentials": [{{"apiKey": {{"value": "k{at}"}}}}]}}"#)
    };
    let consumers: Vec<String> = (0..USERS).map(consumer).collect();
    format!(
        r#"{{"consumers": [{}],
        "providers": {{"keys": {{"apiKey": {{"from": [{{"query": "k"}}]}}}}}},
        "sources": {{"score": {{
            "http": {{"cluster": "centre", "authority": "centre.test", "method": "POST", "path": "/score/${{path.id}}",
                "headers": {{"x-user": "${{consumer.name}}"}}, "body": {{"json": {{"user": "${{consumer.name}}"}}}},
                "timeout": "800ms", "maxBytes": 2000}},
            "onDemand": {lifetimes}}}}},
        "routes": [{{"name": "score", "match": [{{"path": {{"template": "/s/{{user}}/{{id}}"}}}}], "require": "keys",
            "lookup": {{"s": {{"source": "score", "values": {{"user": "$.user", "on": "$.on"}}}}}},
            "authorize": {{"all": [{{"lookup": "s.user", "equals": "${{consumer.name}}"}}, {{"lookup": "s.on", "equals": true}}]}}}}]}}"#,
        consumers.join(", ")
    )
}

/// What the service is asked for a user.
fn question(user: usize, id: &str) -> String {
    format!(r#"/score/{id} {{"user":"u{user}"}}"#)
}

fn answer(user: usize, on: bool, delay: Duration) -> Reply {
    Reply::Answer(Answer {
        status: 200,
        body: format!(r#"{{"user": "u{user}", "on": {on}}}"#).into_bytes(),
        delay,
        asked: vec![
            ("x-user".into(), format!("u{user}")),
            (":method".into(), "POST".into()),
        ],
        ..Answer::default()
    })
}

fn path(user: usize, id: &str) -> String {
    format!("/s/u{user}/{id}?k=k{user}")
}

const IDS: [&str; 2] = ["a", "b"];

/// All users ask for the same paths at the same time, and the service takes a different time for each.
#[test]
fn each_user_gets_the_answer_to_its_own_request() {
    let lifetimes = r#"{"ttl": "1m", "maxInFlight": 16}"#;
    let gateway = Gateway::start(
        "envoy-requests",
        &policy(lifetimes),
        "centre.test",
        |centre| {
            for (user, id) in (0..USERS).flat_map(|user| IDS.map(|id| (user, id))) {
                let delay =
                    Duration::from_millis(40).saturating_mul(u32::try_from(user % 5).unwrap_or(0));
                centre.set(
                    "centre.test",
                    &question(user, id),
                    answer(user, true, delay),
                );
            }
        },
    );
    let all = (0..10).flat_map(|_| (0..USERS).flat_map(|user| IDS.map(|id| path(user, id))));
    let paths: Vec<String> = all.collect();
    let statuses = gateway.at_once(&paths);
    let wrong: Vec<_> = statuses
        .iter()
        .zip(&paths)
        .filter(|(status, _)| **status != 200)
        .collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    // One flight of a worker is for all that ask the same for the same user.
    let asked = gateway.asked().len();
    let least = USERS.saturating_mul(IDS.len());
    let most = least.saturating_mul(WORKERS);
    assert!((least..=most).contains(&asked), "{asked} callouts");
    gateway.check();
}

#[test]
fn no_trouble_of_a_service_lets_a_request_in() {
    let lifetimes = r#"{"ttl": "300ms", "missTtl": "100ms", "staleFor": "1m", "maxInFlight": 16}"#;
    let gateway = Gateway::start(
        "envoy-requests-faults",
        &policy(lifetimes),
        "centre.test",
        |centre| {
            centre.set(
                "centre.test",
                &question(0, "a"),
                answer(0, false, Duration::ZERO),
            );
        },
    );
    gateway.until(&path(0, "a"), 403, Duration::from_secs(10));
    let mut large = br#"{"user": "u0", "on": true, "more": ""#.to_vec();
    large.extend(vec![b'x'; 6 << 20]);
    large.extend(br#""}"#);
    let mut all = faults(br#"{"user": "u0", "on": true}"#);
    all.push(("six megabytes", Reply::ok(large)));
    all.push((
        "an answer for another user",
        answer(1, true, Duration::ZERO),
    ));
    all.push(("an answer for nobody", profile(true, Duration::ZERO)));
    for (fault, reply) in all {
        gateway.begin(fault);
        // `u0` has an answer that denies; `u2` has none.
        gateway.set_reply(&question(0, "a"), reply.clone());
        gateway.set_reply(&question(2, "a"), reply);
        pause(Duration::from_millis(400));
        let (known, unknown) = (path(0, "a"), path(2, "a"));
        gateway.flood(
            Duration::from_millis(300),
            &[(&known, Expect::Not(200)), (&unknown, Expect::Not(200))],
        );
        gateway.check_not_delivered("/s/u0/a");
        gateway.check_not_delivered("/s/u2/a");
    }
    // It heals.
    gateway.set_reply(&question(0, "a"), answer(0, true, Duration::ZERO));
    gateway.until(&path(0, "a"), 200, Duration::from_secs(10));
    gateway.check();
}

/// What is known is used while the service takes its time, and while it is down.
#[test]
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn an_older_answer_is_used_while_the_service_is_slow_or_down() {
    let lifetimes = r#"{"ttl": "300ms", "staleFor": "1m", "maxInFlight": 16}"#;
    let gateway = Gateway::start(
        "envoy-requests-slow",
        &policy(lifetimes),
        "centre.test",
        |centre| {
            centre.set(
                "centre.test",
                &question(0, "a"),
                answer(0, true, Duration::ZERO),
            );
        },
    );
    let known = path(0, "a");
    // Each worker has it then.
    gateway.until(&known, 200, Duration::from_secs(10));
    for (phase, reply) in [
        ("slow", answer(0, true, Duration::from_millis(1500))),
        ("silent", Reply::Silent),
        ("down", Reply::Down),
    ] {
        gateway.begin(phase);
        gateway.set_reply(&question(0, "a"), reply);
        pause(Duration::from_millis(400));
        let began = Instant::now();
        let statuses = gateway.at_once(&vec![known.clone(); 20]);
        let took = began.elapsed();
        assert!(
            statuses.iter().all(|status| *status == 200),
            "{phase}: {statuses:?}"
        );
        assert!(took < Duration::from_millis(1200), "{phase}: {took:?}");
        // Each worker asks at most once at a time.
        let asked = gateway.asked().len();
        assert!(
            asked <= WORKERS.saturating_mul(4),
            "{phase}: {asked} callouts"
        );
        // No other user gets it.
        gateway.flood(
            Duration::from_millis(100),
            &[(&path(3, "a"), Expect::Not(200))],
        );
        gateway.asked();
        // Until the last flights have ended.
        pause(Duration::from_millis(2100));
    }
    gateway.check();
}
