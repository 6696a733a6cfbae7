//! A trap affects the VM of one worker.

use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::armed;
use crate::centre::{Centre, Reply};
use crate::common::{
    AUTHORITY, CONNECTIONS, PACE, REQUESTS, SETTLED, all_by, between, centre, report, setting,
    start, stop_answering, until_loaded,
};
use crate::gate::{Delivery, Gate, IDLE, WORKERS};
use crate::http1::get;
use crate::load::{Load, Sample};
use crate::policies::{good, with_sources};

/// Sends a request that makes the module trap.
fn trap(gate: &Gate) {
    let answer = get(
        gate.address(),
        "/api",
        "x-api-key: ann-key\r\nx-trap: 1\r\n",
    )
    .expect("an answer");
    assert_eq!(answer.status(), 503);
}

/// An Envoy with the module that can trap, and this failure policy.
fn armed_gate(
    name: &'static str,
    failure_policy: &'static str,
    centre: &Centre,
    program: Option<&Path>,
) -> Gate {
    let mut setting = setting(name, Delivery::Ecds, program);
    setting.module = armed::module();
    setting.after_a_trap = Some(failure_policy);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_sources(1).to_string());
    until_loaded(&gate);
    gate
}

/// Envoy does not answer a request that waits in a VM that traps. The stream's idle timeout ends the wait.
#[expect(clippy::disallowed_methods, reason = "Envoy works in real time")]
pub(crate) fn waits_end_by_the_idle_timeout(program: Option<&Path>) {
    for failure_policy in ["FAIL_CLOSED", "FAIL_RELOAD"] {
        let centre = centre();
        let gate = armed_gate("push-waiting", failure_policy, &centre, program);
        centre.set(AUTHORITY, "/profiles/eve", Reply::Silent);
        let address = gate.address();
        let ask = move || {
            let start = Instant::now();
            let status = get(address, "/profile/eve", "").map_or(0, |answer| answer.status());
            (status, start.elapsed())
        };
        let clients: Vec<_> = (0..CONNECTIONS).map(|_| thread::spawn(ask)).collect();
        Gate::pause(Duration::from_millis(300));
        trap(&gate);
        let answers: Vec<_> = clients
            .into_iter()
            .map(|client| client.join().expect("it doesn't panic"))
            .collect();
        report(&format!(
            "{failure_policy}: waiting requests get {answers:?}"
        ));
        for (status, took) in &answers {
            assert!(matches!(status, 408 | 503 | 504), "{answers:?}");
            assert!(*took < IDLE.saturating_add(SETTLED), "{answers:?}");
        }
    }
}

/// For each connection with answers of status 503, when the first and the last of them were due.
fn unavailable(samples: &[Sample]) -> Vec<(Duration, Duration)> {
    let span = |connection| {
        let own = |sample: &&Sample| sample.connection == connection && sample.status == 503;
        let mut own = samples.iter().filter(own);
        let first = own.next()?.due;
        Some((first, own.next_back().map_or(first, |last| last.due)))
    };
    (0..CONNECTIONS).filter_map(span).collect()
}

/// With FAIL_RELOAD, Envoy makes a new VM for that worker. Watched documents come from the other VMs, not from the config
/// centre.
pub(crate) fn fail_reload(program: Option<&Path>) {
    let centre = centre();
    let gate = armed_gate("push-reloaded", "FAIL_RELOAD", &centre, program);
    stop_answering(&centre);
    let requests = [
        "/api ann-key",
        "/api mallory-key",
        "/tenant/acme",
        "/tenant/globex",
    ];
    let load = Load::start(gate.address(), &requests, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(1));
    let trapped = load.now();
    trap(&gate);
    Gate::pause(Duration::from_secs(3));
    let samples = load.finish();
    let right = [200, 401, 200, 403];
    for sample in &samples {
        let meant = sample.status == right[sample.request];
        assert!(
            meant || sample.status == 503,
            "{} is {sample:?}",
            requests[sample.request]
        );
    }
    let spans = unavailable(&samples);
    let connections = CONNECTIONS / WORKERS;
    assert!(
        spans.len() <= connections,
        "more than one worker: {spans:?}"
    );
    let longest = spans
        .iter()
        .map(|(_, last)| last.saturating_sub(trapped))
        .max();
    let longest = longest.unwrap_or_default();
    report(&format!(
        "FAIL_RELOAD: one worker answers 503 for {longest:?}"
    ));
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    assert_eq!(gate.stat("vm_reload_success"), 1);
}

/// With FAIL_CLOSED, that worker answers 503 until the next push of another policy.
pub(crate) fn fail_closed(program: Option<&Path>) {
    let centre = centre();
    let gate = armed_gate("push-closed", "FAIL_CLOSED", &centre, program);
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_millis(500));
    trap(&gate);
    Gate::pause(SETTLED);
    let pushed = load.now();
    gate.push(&good(3));
    Gate::pause(SETTLED);
    let settled = load.now();
    Gate::pause(Duration::from_millis(500));
    let samples = load.finish();
    let spans = unavailable(&samples);
    assert_eq!(spans.len(), CONNECTIONS / WORKERS, "one worker: {spans:?}");
    for (first, last) in spans {
        assert!(
            first < pushed && last.saturating_add(PACE.saturating_mul(20)) > pushed,
            "{first:?} {last:?}"
        );
    }
    all_by(3, &between(&samples, settled, Duration::MAX));
    // Only the log shows it.
    assert_eq!(gate.stat("vm_reload_success"), 0);
    assert!(!gate.envoy.traps().is_empty());
}
