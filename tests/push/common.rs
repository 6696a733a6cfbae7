//! Requests, settings and checks that the tests of pushes share.

use std::io::{self, Write as _};
use std::path::Path;
use std::time::Duration;

use crate::centre::{Centre, Reply};
use crate::gate::{Delivery, Gate, Setting, WORKERS};
use crate::load::{Load, Sample};

/// Prints a measured result.
pub(crate) fn report(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

/// The requests that the clients send, in turn.
pub(crate) const REQUESTS: [&str; 3] = ["/api ann-key", "/api bob-key", "/api mallory-key"];
/// The index of the request that every policy accepts.
pub(crate) const ANN: usize = 0;
/// The index of the request that policies with an even number accept.
pub(crate) const BOB: usize = 1;

/// Two for each worker.
pub(crate) const CONNECTIONS: usize = WORKERS * 2;

/// The time between two requests of a connection. Over all connections it makes a thousand requests per second.
pub(crate) const PACE: Duration = Duration::from_millis(8);

/// The time after which a push has reached every worker, even on a busy machine.
pub(crate) const SETTLED: Duration = Duration::from_secs(2);

/// Starts Envoy with a first policy, as JSON text.
pub(crate) fn start(setting: Setting, first: &str) -> Gate {
    Gate::start(setting, first).unwrap_or_else(|error| panic!("{error}"))
}

/// A setting for another Envoy than the project's own, if `program` is given.
pub(crate) fn setting(name: &'static str, delivery: Delivery, program: Option<&Path>) -> Setting {
    let mut setting = Setting::new(name, delivery);
    setting.program = program.map(Path::to_owned);
    setting
}

/// Whether an answer is one of the policy with this number.
pub(crate) fn given_by(number: u32, sample: &Sample) -> bool {
    let accepted = match sample.request {
        ANN => true,
        BOB => number % 2 == 0,
        _ => false,
    };
    let right = if accepted {
        (200, Some(number))
    } else {
        (401, None)
    };
    (sample.status, sample.policy) == right
}

/// Checks that all answers are those of the policy with this number.
pub(crate) fn all_by(number: u32, samples: &[Sample]) {
    assert!(!samples.is_empty(), "no request was sent");
    for sample in samples {
        assert!(given_by(number, sample), "policy {number}: {sample:?}");
    }
}

/// The samples whose request was due, and whose answer came, in this span.
pub(crate) fn between(samples: &[Sample], from: Duration, to: Duration) -> Vec<Sample> {
    let own = samples
        .iter()
        .filter(|sample| sample.due >= from && sample.due.saturating_add(sample.took) < to);
    own.copied().collect()
}

/// Checks that every worker has taken connections.
pub(crate) fn every_worker(gate: &Gate) {
    let connections = gate.envoy.connections_by_worker();
    assert!(
        connections.len() >= WORKERS && connections.iter().all(|count| *count > 0),
        "{connections:?}"
    );
}

/// Checks that each connection got answers of the old policy, then of the new one, and no others. Returns the last
/// policy of each connection.
pub(crate) fn changed_over(samples: &[Sample], old: u32, new: u32) -> Vec<u32> {
    let last_policy = |connection| {
        let mut now = old;
        for sample in samples
            .iter()
            .filter(|sample| sample.connection == connection)
        {
            let expected = match sample.request {
                ANN => &[200][..],
                BOB if old % 2 == new % 2 => &[200],
                BOB => &[200, 401],
                _ => &[401],
            };
            assert!(expected.contains(&sample.status), "{sample:?}");
            if let Some(policy) = sample.policy {
                assert!(policy == now || policy == new, "{sample:?} after {now}");
                now = policy;
            }
        }
        now
    };
    (0..CONNECTIONS).map(last_policy).collect()
}

pub(crate) const AUTHORITY: &str = "centre.test";

/// A config centre with the documents of the policies with sources.
pub(crate) fn centre() -> Centre {
    let centre = Centre::start();
    for (path, body) in [
        (
            "/tenants.json",
            r#"{"tenants": [{"id": "acme", "on": true}, {"id": "globex", "on": false}]}"#,
        ),
        ("/profiles/ann", r#"{"on": true}"#),
        ("/profiles/bob", r#"{"on": false}"#),
    ] {
        centre.set(AUTHORITY, path, Reply::ok(body));
    }
    centre
}

/// From now on the config centre is down.
pub(crate) fn stop_answering(centre: &Centre) {
    for path in ["/tenants.json", "/profiles/ann", "/profiles/bob"] {
        centre.set(AUTHORITY, path, Reply::Down);
    }
}

/// Requests whose answers depend on documents. Those with an even index are accepted.
pub(crate) const LOOKUPS: [&str; 4] = [
    "/tenant/acme",
    "/tenant/globex",
    "/profile/ann",
    "/profile/bob",
];

pub(crate) fn is_right_lookup(sample: &Sample) -> bool {
    sample.status == if sample.request % 2 == 0 { 200 } else { 403 }
}

/// Waits until every connection gets the right answers to the lookups.
pub(crate) fn until_loaded(gate: &Gate) {
    gate.until("the documents are loaded", |gate| {
        let load = Load::start(gate.address(), &LOOKUPS, CONNECTIONS, PACE);
        Gate::pause(Duration::from_millis(300));
        load.finish().iter().all(is_right_lookup)
    });
}
