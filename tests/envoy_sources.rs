//! Sources in a real Envoy with four workers, while their config centre is slow, down, or talks nonsense. Whatever it
//! does, no request is let in that the last good document would have denied.
#![cfg(feature = "envoy-tests")]

#[path = "support/centre.rs"]
#[cfg(test)]
mod centre;
#[path = "support/envoy.rs"]
#[cfg(test)]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
mod http1;
#[path = "support/plan.rs"]
#[cfg(test)]
mod plan;
#[path = "support/servers.rs"]
#[cfg(test)]
mod servers;
#[path = "support/stage.rs"]
#[cfg(test)]
mod stage;

use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use centre::{Centre, Deed};
use envoy::Envoy;
use plan::Plan;
use stage::{Expect, Stage};

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

/// A good answer.
fn document(body: &[u8]) -> Deed {
    answer(200, body)
}

fn answer(status: u16, body: &[u8]) -> Deed {
    Deed::Answer {
        status,
        fields: Vec::new(),
        body: body.to_vec(),
        after: Duration::ZERO,
        claimed: None,
    }
}

/// Every way in which a config centre fails, by name, with a document that would let everybody in if it were believed.
fn faults(poison: &[u8]) -> Vec<(&'static str, Deed)> {
    let mut large = poison.to_vec();
    large.extend([b' '; 4000]);
    let mut cut = poison.to_vec();
    cut.truncate(poison.len().saturating_sub(2));
    let late = Deed::Answer {
        status: 200,
        fields: Vec::new(),
        body: poison.to_vec(),
        after: Duration::from_millis(1200),
        claimed: None,
    };
    let short = Deed::Answer {
        status: 200,
        fields: Vec::new(),
        body: poison.to_vec(),
        after: Duration::ZERO,
        claimed: Some(poison.len().saturating_add(100)),
    };
    vec![
        ("down", Deed::Down),
        ("too slow", late),
        ("garbage", answer(200, b"<html>maintenance</html>")),
        ("cut within a whole answer", answer(200, &cut)),
        ("an answer that ends too soon", short),
        ("too large", answer(200, &large)),
        ("a failure with a document", answer(500, poison)),
        ("not found with a document", answer(404, poison)),
        (
            "of another shape",
            answer(200, br#"{"error": "not authorised"}"#),
        ),
        ("empty", answer(200, b"")),
        ("silent", Deed::Silent),
    ]
}

#[test]
fn a_watched_document_that_fails_is_the_last_good_one() {
    let stage = Stage::start("envoy-watched", WATCHED, "centre.test", |centre| {
        centre.set("centre.test", "/tenants.json", Deed::Down);
    });
    // Before the first document nobody is let in, whoever it is.
    stage.flood(
        REFRESH.saturating_mul(3),
        &[
            ("/t/acme", Expect::Only(503)),
            ("/t/globex", Expect::Only(503)),
        ],
    );
    stage.tell("/tenants.json", document(&tenants(true, false)));
    stage.until("/t/acme", 200, Duration::from_secs(10));
    for (fault, deed) in faults(&tenants(true, true)) {
        stage.settle();
        stage.during(fault);
        stage.tell("/tenants.json", deed);
        stage.flood(
            REFRESH.saturating_mul(4),
            &[
                ("/t/acme", Expect::Only(200)),
                ("/t/globex", Expect::Only(403)),
            ],
        );
        // Back again, and what it says now counts.
        stage.tell("/tenants.json", document(&tenants(false, false)));
        stage.until("/t/acme", 403, Duration::from_secs(10));
        stage.tell("/tenants.json", document(&tenants(true, false)));
        stage.until("/t/acme", 200, Duration::from_secs(10));
        stage.never_delivered("/t/globex");
    }
    stage.check();
}

#[test]
fn a_change_reaches_every_worker_in_time_and_one_vm_fetches_for_all() {
    let stage = Stage::start("envoy-change", WATCHED, "centre.test", |centre| {
        let good = document(&tenants(true, false));
        centre.set("centre.test", "/tenants.json", good);
    });
    stage.until("/t/acme", 200, Duration::from_secs(10));
    let in_time = REFRESH.saturating_add(Duration::from_secs(1));
    for on in [false, true, false, true] {
        stage.tell("/tenants.json", document(&tenants(on, !on)));
        stage.flood(
            in_time,
            &[("/t/acme", Expect::Any), ("/t/globex", Expect::Any)],
        );
        let (yes, no) = (Expect::Only(200), Expect::Only(403));
        let (acme, globex) = if on { (yes, no) } else { (no, yes) };
        stage.flood(REFRESH, &[("/t/acme", acme), ("/t/globex", globex)]);
    }
    stage.asked();
    let intervals = 10;
    stage.flood(
        REFRESH.saturating_mul(intervals),
        &[("/t/acme", Expect::Only(200))],
    );
    let fetches = stage.asked().len();
    assert!(
        (4..=16).contains(&fetches),
        "{fetches} fetches in {intervals} intervals"
    );
    stage.check();
}

const LARGE: &str = r#"{
  "consumersFrom": [{"source": "partners", "items": "$.consumers[*]"}],
  "providers": {"keys": {"apiKey": {"from": [{"query": "k"}]}}},
  "sources": {"partners": {
    "http": {"cluster": "centre", "authority": "centre.test", "path": "/partners.json"}, "refresh": "300ms"}},
  "routes": [{"name": "all", "require": "keys"}]
}"#;

/// Consumers from this number on: some four megabytes, two pieces on the board and more than a dozen slices.
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
fn a_large_document_reaches_every_worker_while_they_answer_by_the_last_one() {
    let stage = Stage::start("envoy-large", LARGE, "centre.test", |centre| {
        centre.set("centre.test", "/partners.json", document(&partners(0)));
    });
    let patience = Duration::from_secs(60);
    stage.until("/?k=k-7", 200, patience);
    stage.during("a newer one");
    for (first, gone) in [(1, 401), (0, 200), (1, 401)] {
        stage.tell("/partners.json", document(&partners(first)));
        let always = [
            ("/?k=k-7", Expect::Only(200)),
            ("/?k=k-60000", Expect::Only(401)),
            ("/?k=k-0", Expect::Any),
        ];
        stage.flood(Duration::from_secs(1), &always);
        stage.until("/?k=k-0", gone, patience);
    }
    stage.during("one that is cut");
    let mut cut = partners(0);
    cut.pop();
    stage.tell("/partners.json", document(&cut));
    let always = [
        ("/?k=k-7", Expect::Only(200)),
        ("/?k=k-0", Expect::Only(401)),
    ];
    stage.flood(Duration::from_secs(2), &always);
    stage.check();
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

fn profile(on: bool, after: Duration) -> Deed {
    Deed::Answer {
        status: 200,
        fields: Vec::new(),
        body: format!(r#"{{"on": {on}}}"#).into_bytes(),
        after,
        claimed: None,
    }
}

#[test]
fn many_who_wait_for_one_key_share_a_flight() {
    let stage = Stage::start("envoy-flight", ON_DEMAND, "centre.test", |centre| {
        let slow = Duration::from_millis(500);
        centre.set("centre.test", "/profiles/ann", profile(true, slow));
        centre.set("centre.test", "/profiles/bob", profile(false, slow));
    });
    for (user, status) in [("ann", 200), ("bob", 403)] {
        let path = format!("/u/{user}");
        let statuses = stage.at_once(&vec![path.clone(); 60]);
        assert!(
            statuses.iter().all(|found| *found == status),
            "{statuses:?}"
        );
        let asked = stage.asked().len();
        assert!(
            (1..=stage::WORKERS).contains(&asked),
            "{asked} callouts for {user}"
        );
        let statuses = stage.at_once(&vec![path; 20]);
        assert!(
            statuses.iter().all(|found| *found == status),
            "{statuses:?}"
        );
        assert_eq!(stage.asked(), Vec::<String>::new(), "{user} is known");
    }
    stage.check();
}

#[test]
fn on_demand_nobody_is_let_in_by_a_failure() {
    let stage = Stage::start("envoy-demand", ON_DEMAND, "centre.test", |centre| {
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
    // So often that each worker knows both.
    let known: Vec<_> = (0..120)
        .map(|number| ["/u/ann", "/u/bob"][number % 2].to_owned())
        .collect();
    stage.at_once(&known);
    for (fault, deed) in faults(br#"{"on": true}"#) {
        stage.during(fault);
        stage.tell("/profiles/ann", deed.clone());
        stage.tell("/profiles/bob", deed.clone());
        stage.tell("/profiles/eve", deed);
        stage.pause(Duration::from_millis(1100));
        // Stale is what was good last; who isn't known can't be let in.
        stage.flood(
            Duration::from_millis(300),
            &[("/u/bob", Expect::Not(200)), ("/u/eve", Expect::Not(200))],
        );
        stage.never_delivered("/u/bob");
        stage.never_delivered("/u/eve");
    }
    stage.check();
}

#[test]
fn flights_are_bounded_and_a_client_that_leaves_harms_nobody() {
    let stage = Stage::start("envoy-bounded", ON_DEMAND, "centre.test", |centre| {
        for number in 0..80 {
            centre.set("centre.test", &format!("/profiles/{number}"), Deed::Silent);
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
    let statuses = stage.at_once(&paths);
    assert!(statuses.iter().all(|found| *found == 503), "{statuses:?}");
    let asked = stage.asked().len();
    let most = stage::WORKERS.saturating_mul(3);
    assert!((1..=most).contains(&asked), "{asked} callouts at once");
    // The answer comes when the client has gone.
    for _ in 0..40 {
        let mut stream = TcpStream::connect(stage.address).expect("Envoy listens");
        let request = b"GET /u/late HTTP/1.1\r\nhost: api.test\r\n\r\n";
        stream.write_all(request).expect("Envoy reads");
    }
    stage.pause(Duration::from_millis(600));
    let statuses = stage.at_once(&vec!["/u/ann".to_owned(); 40]);
    assert!(statuses.iter().all(|found| *found == 200), "{statuses:?}");
    stage.check();
}

/// A source of a cluster of its own name, that is asked once.
fn once(name: &str) -> String {
    format!(
        r#""{name}": {{"http": {{"cluster": "{name}", "authority": "centre.test", "path": "/{name}", "timeout": "800ms"}}, "refresh": "1h"}}"#
    )
}

/// What Envoy lets a filter see of a callout that came to nothing, by the name of the source.
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
fn why_a_callout_came_to_nothing_is_told() {
    let centre = Centre::start();
    let short = Deed::Answer {
        status: 200,
        fields: Vec::new(),
        body: b"{}".to_vec(),
        after: Duration::ZERO,
        claimed: Some(100),
    };
    let compressed = Deed::Answer {
        status: 200,
        fields: vec![("content-encoding".into(), "gzip".into())],
        body: b"\x1f\x8b\x08".to_vec(),
        after: Duration::ZERO,
        claimed: None,
    };
    let like_envoys = Deed::Answer {
        status: 503,
        fields: vec![("content-type".into(), "text/plain".into())],
        body: b"upstream connect error".to_vec(),
        after: Duration::ZERO,
        claimed: None,
    };
    for (path, deed) in [
        ("/reset", Deed::Down),
        ("/silent", Deed::Silent),
        ("/short", short),
        ("/own", like_envoys),
        ("/compressed", compressed),
    ] {
        centre.set("centre.test", path, deed);
    }
    // The route goes to `default`.
    let here = |name: &str| match name {
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
        environment: [].into(),
        clusters: names.into_iter().filter_map(here).collect(),
        workers: 1,
        capabilities: Vec::new(),
    };
    let envoy = match plan.start() {
        Ok(envoy) => envoy,
        Err(error) => panic!("{error}"),
    };
    told(&envoy);
    assert_eq!(envoy.traps(), Vec::<String>::new());
}

/// Waits until the log has said of each source why it failed.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
fn told(envoy: &Envoy) {
    let start = Instant::now();
    loop {
        let log = envoy.log();
        let missing: Vec<_> = FAILURES
            .iter()
            .filter(|(name, words)| {
                let event = format!("event=source_failed source={name} ");
                let mut lines = log.lines().filter(|line| line.contains(&event));
                !lines.any(|line| line.contains(words))
            })
            .collect();
        if missing.is_empty() {
            return;
        }
        let is_patient = start.elapsed() < Duration::from_secs(20);
        assert!(is_patient, "not told: {missing:?}\n{log}");
        std::thread::sleep(Duration::from_millis(200));
    }
}
