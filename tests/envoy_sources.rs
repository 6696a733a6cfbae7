//! Sources in a real Envoy with four workers. The config centre is slow, down, or sends invalid documents. No failure makes
//! the filter accept a request that the last good document denies.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "support/gateway.rs"]
#[cfg(test)]
mod gateway;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "sources/requests.rs"]
#[cfg(test)]
mod requests;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "envoy_sources/side_by_side.rs"]
#[cfg(test)]
mod side_by_side;
#[path = "support/wait.rs"]
#[cfg(test)]
mod wait;

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use centre::{Answer, Centre, Reply};
use envoy::Envoy;
use gateway::{Expect, Gateway, WORKERS};
use plan::Plan;
use wait::{ensure, pause, wait_for};

const WATCHED: &str = r#"{
  "sources": {"tenants": {
    "http": {"cluster": "centre", "authority": "centre.test", "path": "/tenants.json", "timeout": "400ms", "maxBytes": 2000},
    "refresh": "300ms", "index": {"items": "$.tenants[*]", "by": "$.id"}}},
  "routes": [{
    "name": "tenant", "match": [{"path": {"template": "/t/{tenant}"}}], "require": "none",
    "lookup": {"t": {"source": "tenants", "key": "${path.tenant}", "values": {"on": "$.on"}}},
    "authorize": {"lookup": "t.on", "equals": true}}]
}"#;

const REFRESH: Duration = Duration::from_millis(300);

fn tenants(acme: bool, globex: bool) -> Vec<u8> {
    format!(
        r#"{{"tenants": [{{"id": "acme", "on": {acme}}}, {{"id": "globex", "on": {globex}}}]}}"#
    )
    .into_bytes()
}

/// Every failure of a config centre, by name. Each has a document that would accept every request if it were used.
fn faults(poison: &[u8]) -> Vec<(&'static str, Reply)> {
    let mut large = poison.to_vec();
    large.extend([b' '; 4000]);
    let mut cut = poison.to_vec();
    cut.truncate(poison.len().saturating_sub(2));
    let good = Answer {
        status: 200,
        body: poison.to_vec(),
        ..Answer::default()
    };
    let late = Reply::Answer(Answer {
        delay: Duration::from_millis(1200),
        ..good.clone()
    });
    let short = Reply::Answer(Answer {
        wrong_length: Some(poison.len().saturating_add(100)),
        ..good
    });
    vec![
        ("down", Reply::Down),
        ("too slow", late),
        ("garbage", Reply::ok(b"<html>maintenance</html>")),
        ("a document that is cut off", Reply::ok(cut)),
        ("an answer shorter than its length", short),
        ("too large", Reply::ok(large)),
        ("a failure with a document", Reply::status(500, poison)),
        ("not found with a document", Reply::status(404, poison)),
        (
            "another structure",
            Reply::ok(br#"{"error": "not authorised"}"#),
        ),
        ("empty", Reply::ok("")),
        ("silent", Reply::Silent),
    ]
}

#[test]
fn a_failure_keeps_the_last_good_watched_document() {
    let gateway = Gateway::start("envoy-watched", WATCHED, "centre.test", |centre| {
        centre.set("centre.test", "/tenants.json", Reply::Down);
    });
    // Before the first document, every request is denied.
    gateway.flood(
        REFRESH.saturating_mul(3),
        &[
            ("/t/acme", Expect::Only(503)),
            ("/t/globex", Expect::Only(503)),
        ],
    );
    gateway.set_reply("/tenants.json", Reply::ok(tenants(true, false)));
    gateway.until("/t/acme", 200, Duration::from_secs(10));
    for (fault, reply) in faults(&tenants(true, true)) {
        gateway.settle();
        gateway.begin(fault);
        gateway.set_reply("/tenants.json", reply);
        gateway.flood(
            REFRESH.saturating_mul(4),
            &[
                ("/t/acme", Expect::Only(200)),
                ("/t/globex", Expect::Only(403)),
            ],
        );
        // The config centre works again, and its new document is used.
        gateway.set_reply("/tenants.json", Reply::ok(tenants(false, false)));
        gateway.until("/t/acme", 403, Duration::from_secs(10));
        gateway.set_reply("/tenants.json", Reply::ok(tenants(true, false)));
        gateway.until("/t/acme", 200, Duration::from_secs(10));
        gateway.check_not_delivered("/t/globex");
    }
    gateway.check();
}

#[test]
fn a_new_document_reaches_every_worker_and_one_vm_fetches_for_all() {
    let gateway = Gateway::start("envoy-change", WATCHED, "centre.test", |centre| {
        let good = Reply::ok(tenants(true, false));
        centre.set("centre.test", "/tenants.json", good);
    });
    gateway.until("/t/acme", 200, Duration::from_secs(10));
    let in_time = REFRESH.saturating_add(Duration::from_secs(1));
    for on in [false, true, false, true] {
        gateway.set_reply("/tenants.json", Reply::ok(tenants(on, !on)));
        gateway.flood(
            in_time,
            &[("/t/acme", Expect::Any), ("/t/globex", Expect::Any)],
        );
        let (yes, no) = (Expect::Only(200), Expect::Only(403));
        let (acme, globex) = if on { (yes, no) } else { (no, yes) };
        gateway.flood(REFRESH, &[("/t/acme", acme), ("/t/globex", globex)]);
    }
    gateway.asked();
    let intervals = 10;
    gateway.flood(
        REFRESH.saturating_mul(intervals),
        &[("/t/acme", Expect::Only(200))],
    );
    let fetches = gateway.asked().len();
    assert!(
        (4..=16).contains(&fetches),
        "{fetches} fetches in {intervals} intervals"
    );
    gateway.check();
}

const LARGE: &str = r#"{
  "consumersFrom": [{"source": "partners", "items": "$.consumers[*]"}],
  "providers": {"keys": {"apiKey": {"from": [{"query": "k"}]}}},
  "sources": {"partners": {
    "http": {"cluster": "centre", "authority": "centre.test", "path": "/partners.json"}, "refresh": "300ms"}},
  "routes": [{"name": "all", "require": "keys"}]
}"#;

/// 50,000 consumers, from this number on. The document is about four megabytes: two parts in shared data, and more than a
/// dozen slices.
fn partners(first: usize) -> Vec<u8> {
    let numbers = first..first.saturating_add(50_000);
    let one = |number| {
        format!(
            r#"{{"name": "c-{number}", "credentials": [{{"apiKey": {{"value": "k-{number}"}}}}]}}"#
        )
    };
    let all: Vec<String> = numbers.map(one).collect();
    format!(r#"{{"consumers": [{}]}}"#, all.join(",\n")).into_bytes()
}

#[test]
fn a_large_document_reaches_every_worker_and_they_use_the_last_one_meanwhile() {
    let gateway = Gateway::start("envoy-large", LARGE, "centre.test", |centre| {
        centre.set("centre.test", "/partners.json", Reply::ok(partners(0)));
    });
    let patience = Duration::from_secs(60);
    gateway.until("/?k=k-7", 200, patience);
    gateway.begin("a newer document");
    for (first, gone) in [(1, 401), (0, 200), (1, 401)] {
        gateway.set_reply("/partners.json", Reply::ok(partners(first)));
        let always = [
            ("/?k=k-7", Expect::Only(200)),
            ("/?k=k-60000", Expect::Only(401)),
            ("/?k=k-0", Expect::Any),
        ];
        gateway.flood(Duration::from_secs(1), &always);
        gateway.until("/?k=k-0", gone, patience);
    }
    gateway.begin("a document that is cut off");
    let mut cut = partners(0);
    cut.pop();
    gateway.set_reply("/partners.json", Reply::ok(cut));
    let always = [
        ("/?k=k-7", Expect::Only(200)),
        ("/?k=k-0", Expect::Only(401)),
    ];
    gateway.flood(Duration::from_secs(2), &always);
    gateway.check();
}

const ON_DEMAND: &str = r#"{
  "sources": {"profiles": {
    "http": {"cluster": "centre", "authority": "centre.test", "path": "/profiles/${key}", "timeout": "800ms", "maxBytes": 2000},
    "onDemand": {"ttl": "1s", "missTtl": "200ms", "staleFor": "1m", "maxInFlight": 3}}},
  "routes": [{
    "name": "user", "match": [{"path": {"template": "/u/{user}"}}], "require": "none",
    "lookup": {"p": {"source": "profiles", "key": "${path.user}", "values": {"on": "$.on"}}},
    "authorize": {"lookup": "p.on", "equals": true}}]
}"#;

fn profile(on: bool, delay: Duration) -> Reply {
    Reply::Answer(Answer {
        status: 200,
        body: format!(r#"{{"on": {on}}}"#).into_bytes(),
        delay,
        ..Answer::default()
    })
}

#[test]
fn requests_that_wait_for_one_key_share_a_callout() {
    let gateway = Gateway::start("envoy-flight", ON_DEMAND, "centre.test", |centre| {
        let slow = Duration::from_millis(500);
        centre.set("centre.test", "/profiles/ann", profile(true, slow));
        centre.set("centre.test", "/profiles/bob", profile(false, slow));
    });
    for (user, status) in [("ann", 200), ("bob", 403)] {
        let path = format!("/u/{user}");
        let statuses = gateway.at_once(&vec![path.clone(); 60]);
        assert!(
            statuses.iter().all(|found| *found == status),
            "{statuses:?}"
        );
        let asked = gateway.asked().len();
        assert!(
            (1..=WORKERS).contains(&asked),
            "{asked} callouts for {user}"
        );
        let statuses = gateway.at_once(&vec![path; 20]);
        assert!(
            statuses.iter().all(|found| *found == status),
            "{statuses:?}"
        );
        assert_eq!(
            gateway.asked(),
            Vec::<String>::new(),
            "the profile of {user} is remembered"
        );
    }
    gateway.check();
}

#[test]
fn no_failure_of_an_on_demand_source_accepts_a_request() {
    let gateway = Gateway::start("envoy-demand", ON_DEMAND, "centre.test", |centre| {
        centre.set(
            "centre.test",
            "/profiles/ann",
            profile(true, Duration::ZERO),
        );
        centre.set(
            "centre.test",
            "/profiles/bob",
            profile(false, Duration::ZERO),
        );
    });
    // So many requests that each worker remembers both.
    let paths: Vec<_> = (0..120)
        .map(|number| ["/u/ann", "/u/bob"][number % 2].to_owned())
        .collect();
    gateway.at_once(&paths);
    for (fault, reply) in faults(br#"{"on": true}"#) {
        gateway.begin(fault);
        gateway.set_reply("/profiles/ann", reply.clone());
        gateway.set_reply("/profiles/bob", reply.clone());
        gateway.set_reply("/profiles/eve", reply);
        pause(Duration::from_millis(1100));
        // The stale profile of `bob` denies, and `eve` has no profile.
        gateway.flood(
            Duration::from_millis(300),
            &[("/u/bob", Expect::Not(200)), ("/u/eve", Expect::Not(200))],
        );
        gateway.check_not_delivered("/u/bob");
        gateway.check_not_delivered("/u/eve");
    }
    gateway.check();
}

#[test]
fn callouts_are_bounded_and_a_client_may_leave_early() {
    let gateway = Gateway::start("envoy-bounded", ON_DEMAND, "centre.test", |centre| {
        for number in 0..80 {
            centre.set("centre.test", &format!("/profiles/{number}"), Reply::Silent);
        }
        let slow = Duration::from_millis(300);
        centre.set("centre.test", "/profiles/late", profile(true, slow));
        centre.set(
            "centre.test",
            "/profiles/ann",
            profile(true, Duration::ZERO),
        );
    });
    let paths: Vec<_> = (0..80).map(|number| format!("/u/{number}")).collect();
    let statuses = gateway.at_once(&paths);
    assert!(statuses.iter().all(|found| *found == 503), "{statuses:?}");
    let asked = gateway.asked().len();
    let most = WORKERS.saturating_mul(3);
    assert!((1..=most).contains(&asked), "{asked} callouts at once");
    // The clients close their connections before the answer.
    for _ in 0..40 {
        let mut stream = TcpStream::connect(gateway.address).expect("Envoy listens");
        let request = b"GET /u/late HTTP/1.1\r\nhost: api.test\r\n\r\n";
        stream.write_all(request).expect("Envoy reads");
    }
    pause(Duration::from_millis(600));
    let statuses = gateway.at_once(&vec!["/u/ann".to_owned(); 40]);
    assert!(statuses.iter().all(|found| *found == 200), "{statuses:?}");
    gateway.check();
}

/// A source whose cluster has the same name. It is fetched once.
fn once(name: &str) -> String {
    format!(
        r#""{name}": {{"http": {{"cluster": "{name}", "authority": "centre.test", "path": "/{name}", "timeout": "800ms"}}, "refresh": "1h"}}"#
    )
}

/// The error that the filter logs for each failed callout, by the name of the source.
const FAILURES: [(&str, &str); 8] = [
    (
        "refused",
        "no answer, Envoy itself says 503: upstream connect error",
    ),
    (
        "reset",
        "no answer, Envoy itself says 503: upstream connect error",
    ),
    (
        "silent",
        "no answer, Envoy itself says 504: upstream request timeout",
    ),
    ("short", "no reply: it was cut off"),
    ("own", "unexpected status 503"),
    (
        "compressed",
        "the answer is compressed (`content-encoding: gzip`)",
    ),
    ("unknown", "Envoy knows no such cluster"),
    ("nowhere", "the cluster has no usable endpoint"),
];

#[test]
fn the_log_has_the_cause_of_each_failed_callout() {
    let centre = Centre::start();
    let answer = |status, body: &[u8]| Answer {
        status,
        body: body.to_vec(),
        ..Answer::default()
    };
    let short = Answer {
        wrong_length: Some(100),
        ..answer(200, b"{}")
    };
    let compressed = Answer {
        fields: vec![("content-encoding".into(), "gzip".into())],
        ..answer(200, b"\x1f\x8b\x08")
    };
    let like_envoys = Answer {
        fields: vec![("content-type".into(), "text/plain".into())],
        ..answer(503, b"upstream connect error")
    };
    for (path, reply) in [
        ("/reset", Reply::Down),
        ("/silent", Reply::Silent),
        ("/short", Reply::Answer(short)),
        ("/own", Reply::Answer(like_envoys)),
        ("/compressed", Reply::Answer(compressed)),
    ] {
        centre.set("centre.test", path, reply);
    }
    // The upstream of the route is `default`.
    let cluster = |name: &str| match name {
        "refused" => Some((name.to_owned(), envoy::free_address())),
        "nowhere" => Some((name.to_owned(), SocketAddr::from(([127, 0, 0, 1], 0)))),
        "unknown" => None,
        _ => Some((name.to_owned(), centre.address)),
    };
    let names = FAILURES.iter().map(|(name, _)| *name).chain(["default"]);
    let sources: Vec<String> = FAILURES.iter().map(|(name, _)| once(name)).collect();
    let policy = format!(
        r#"{{"sources": {{{}}}, "routes": [{{"name": "r", "require": "none"}}]}}"#,
        sources.join(", ")
    );
    let plan = Plan {
        name: "envoy-failures".into(),
        policies: vec![("gate".into(), policy)],
        clusters: names.into_iter().filter_map(cluster).collect(),
        ..Plan::default()
    };
    let envoy = plan.start().unwrap_or_else(|error| panic!("{error}"));
    wait_for_causes(&envoy);
    assert_eq!(envoy.traps(), Vec::<String>::new());
}

/// Waits until the log has the cause for each source.
fn wait_for_causes(envoy: &Envoy) {
    wait_for(Duration::from_secs(20), || {
        let log = envoy.log();
        let missing: Vec<_> = FAILURES
            .iter()
            .filter(|(name, words)| {
                let event = format!("event=source_failed source={name} ");
                let mut lines = log.lines().filter(|line| line.contains(&event));
                !lines.any(|line| line.contains(words))
            })
            .collect();
        ensure(missing.is_empty(), || {
            format!("not in the log: {missing:?}")
        })
    });
}
