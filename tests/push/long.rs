//! Tests of pushes that take minutes.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use crate::common::{ANN, BOB, CONNECTIONS, PACE, REQUESTS, centre, report, start};
use crate::gate::{Delivery, Gate, Setting};
use crate::load::{Load, Sample};
use crate::policies::{good, with_sources};
use crate::rolling;
use crate::versions::envoy_of;
use crate::{accepted, refused, traps};

/// The folder in `/proc` of its Envoy, while that runs.
pub(crate) fn process(gate: &Gate) -> Option<PathBuf> {
    let bootstrap = gate.folder.join("bootstrap.json").display().to_string();
    let processes = fs::read_dir("/proc").expect("a Linux").flatten();
    processes.map(|entry| entry.path()).find(|process| {
        let read = |name: &str| fs::read(process.join(name)).unwrap_or_default();
        let command = String::from_utf8_lossy(&read("cmdline")).into_owned();
        command.contains(&bootstrap) && read("comm").starts_with(b"envoy")
    })
}

/// Envoy's resident memory in bytes.
fn resident(gate: &Gate) -> u64 {
    let status = process(gate).map(|process| fs::read_to_string(process.join("status")));
    let status = status.expect("Envoy runs").expect("it is ours");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.expect("a number").saturating_mul(1024)
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1024.0 / 1024.0
}

/// Pushes policies one after the other, each after the one before is active. Returns Envoy's resident memory after the
/// hundredth and after the last.
fn push_all(gate: &Gate, count: u32, policy: impl Fn(u32) -> String) -> (u64, u64) {
    const ACTIVE: &str = "config_reload";
    let mut hundredth = 0;
    let before = gate.stat(ACTIVE);
    for number in 1..=count {
        gate.push(&policy(number));
        let wanted = before.saturating_add(number.into());
        gate.until("a push is active", |gate| gate.stat(ACTIVE) >= wanted);
        if number % 100 == 0 {
            Gate::pause(Duration::from_secs(2));
            let size = resident(gate);
            report(&format!("after {number} pushes {:.1} MiB", mib(size)));
            if number == 100 {
                hundredth = size;
            }
        }
    }
    (hundredth, resident(gate))
}

#[test]
fn memory_does_not_grow_over_a_thousand_pushes() {
    let centre = centre();
    let mut setting = Setting::new("long-thousand", Delivery::Ecds);
    setting.centre = Some(centre.address);
    let gate = start(setting, &with_sources(0).to_string());
    let load = Load::start(
        gate.address(),
        &REQUESTS,
        CONNECTIONS,
        PACE.saturating_mul(4),
    );
    let (hundredth, last) = push_all(&gate, 1000, |number| with_sources(number).to_string());
    let samples = load.finish();
    report(&format!("{} requests", samples.len()));
    for sample in &samples {
        let right = match sample.request {
            ANN => sample.status == 200,
            BOB => matches!(sample.status, 200 | 401),
            _ => sample.status == 401,
        };
        assert!(right, "{sample:?}");
    }
    assert!(
        last <= hundredth.saturating_mul(105) / 100,
        "{hundredth} bytes, then {last}"
    );
}

/// A percentile of the times of these samples.
pub(crate) fn percentile(samples: &[&Sample], percent: usize) -> Duration {
    let mut times: Vec<_> = samples.iter().map(|sample| sample.took).collect();
    times.sort();
    let at = times.len().saturating_mul(percent) / 100;
    times.get(at).or(times.last()).copied().unwrap_or_default()
}

/// The median of these times.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

#[test]
fn a_push_adds_little_latency() {
    let gate = start(Setting::new("long-cost", Delivery::Ecds), &good(0));
    let load = Load::start(gate.address(), &REQUESTS, CONNECTIONS, PACE);
    Gate::pause(Duration::from_secs(2));
    let mut quiet = Vec::new();
    let mut pushed = Vec::new();
    let window = Duration::from_millis(1000);
    for number in 1..=15 {
        quiet.push(load.now());
        Gate::pause(window);
        pushed.push(load.now());
        gate.push(&good(number));
        Gate::pause(window);
    }
    let samples = load.finish();
    let p99 = |starts: &[Duration], percent| {
        let each = starts.iter().map(|start| {
            let within = |sample: &&Sample| {
                sample.due >= *start && sample.due < start.saturating_add(window)
            };
            percentile(&samples.iter().filter(within).collect::<Vec<_>>(), percent)
        });
        median(each.collect())
    };
    for percent in [50, 90, 99, 100] {
        report(&format!(
            "p{percent}: quiet {:?}, pushed {:?}",
            p99(&quiet, percent),
            p99(&pushed, percent)
        ));
    }
    let (before, during) = (p99(&quiet, 99), p99(&pushed, 99));
    let slack = Duration::from_millis(20);
    assert!(
        during <= before.saturating_mul(2).saturating_add(slack),
        "p99 {before:?}, during a push {during:?}"
    );
}

/// Everything about pushes and traps, in another version of Envoy.
fn all_in(version: &str) {
    let envoy = envoy_of(version);
    for check in [
        refused::over_ecds,
        refused::over_lds,
        accepted::drains_old_connections,
        refused::as_first_policy,
        accepted::keeps_documents,
        accepted::frees_the_old_policy,
        traps::fail_reload,
        traps::fail_closed,
        traps::waits_end_by_the_idle_timeout,
        refused::after_the_trial,
    ] {
        check(Some(&envoy));
    }
}

#[test]
fn in_envoy_1_36() {
    all_in("1.36.");
}

#[test]
fn in_envoy_1_37() {
    all_in("1.37.");
}

#[test]
fn in_envoy_1_38() {
    all_in("1.38.");
}

#[test]
fn in_envoy_1_39() {
    all_in("1.39.");
}

#[test]
fn a_hot_restart_with_a_good_policy_loses_no_request() {
    rolling::hot_restart();
}

#[test]
fn a_hot_restart_with_a_refused_policy_denies_requests_unless_it_is_static() {
    rolling::hot_restart_with_a_refused_policy();
}

#[test]
fn a_rolling_update_loses_no_request() {
    rolling::update();
}

#[test]
fn a_refused_policy_stops_a_rolling_update_that_probes_through_the_filter() {
    rolling::update_with_a_refused_policy();
}

/// The checks that are not in the short suite.
#[test]
fn in_envoy_1_40() {
    accepted::drains_old_connections(None);
    traps::waits_end_by_the_idle_timeout(None);
    refused::after_the_trial(None);
}
