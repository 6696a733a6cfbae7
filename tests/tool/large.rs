//! Large policies. The time limits are for a tenth of the size: a test build is about ten times slower than a release.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use postern::config::Config;
use postern::policy::Policy;

use crate::golden::{folder, run};

/// A policy of many consumers and routes, as YAML.
fn policy(consumers: usize, routes: usize) -> String {
    let mut text =
        "providers: {keys: {apiKey: {from: [{header: x-api-key}]}}}\nconsumers:\n".to_owned();
    for at in 0..consumers {
        let _ = writeln!(
            text,
            "  - name: consumer-{at}\n    groups: [gold]\n    credentials:\n      - apiKey: {{sha256: \"{at:064x}\"}}"
        );
    }
    text.push_str("routes:\n");
    for at in 0..routes {
        let _ = writeln!(
            text,
            "  - {{name: route-{at}, hosts: [h{}.test], match: [{{path: {{template: \"/v{}/{{id}}/**\"}}}}], require: keys}}",
            at % 100,
            at / 100
        );
    }
    text.replace("/**", "/{rest=**}")
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn time(what: impl FnOnce()) -> Duration {
    let start = Instant::now();
    what();
    start.elapsed()
}

/// Reads and compiles a policy, which the tool has to do as well.
fn compile(json: &str) {
    let config = Config::parse(json.as_bytes()).unwrap();
    let policy = Policy::compile(&config, &|_: &str| None).unwrap();
    std::mem::forget((config, policy));
}

/// How often each time is measured. Other work on the machine only makes a time longer, so the shortest one counts.
const MEASUREMENTS: std::ops::Range<usize> = 3..10;

/// Fails if `run` doesn't become as fast as `limit` allows.
fn assert_is_fast(what: &str, mut run: impl FnMut(), mut limit: impl FnMut() -> Duration) {
    let (mut shortest, mut allowed) = (Duration::MAX, Duration::MAX);
    for measurement in 1..=MEASUREMENTS.end {
        allowed = allowed.min(limit());
        shortest = shortest.min(time(&mut run));
        if shortest < allowed && measurement >= MEASUREMENTS.start {
            return;
        }
    }
    panic!("{what}: {shortest:?}, allowed are {allowed:?}");
}

/// `check` reads a JSON policy without errors once, by the filter's decoder.
#[test]
fn checks_large_json_as_fast_as_the_filter_reads_it() {
    let value: serde_json::Value = serde_yaml_ng::from_str(&policy(10_000, 1_000)).unwrap();
    let json = value.to_string();
    let folder = folder("check");
    assert_is_fast(
        "JSON",
        || assert_eq!(run(&folder, &["check", "-"], &json).status, 0),
        || time(|| compile(&json)).saturating_mul(3) / 2 + Duration::from_millis(40),
    );
}

/// 100,000 consumers and 10,000 routes take at most 3 s.
#[test]
fn reads_large_yaml_in_three_seconds() {
    let yaml = policy(10_000, 1_000);
    // The tool needs positions where it has something to report.
    let warned = format!("{yaml}sources: {{spare: {{inline: 1}}}}\n");
    let wrong = yaml.replace("name: route-700,", "name: route-700, nme: x,");
    assert_ne!(wrong, yaml);
    let folder = folder("check");
    for (what, arguments, text, status) in [
        ("check", &["check", "-"][..], &yaml, 0),
        ("check, with a warning", &["check", "-"], &warned, 0),
        ("check, with an error", &["check", "-"], &wrong, 1),
        (
            "explain",
            &["explain", "-", "http://h7.test/v3/a/b"],
            &yaml,
            0,
        ),
        ("ecds", &["ecds", "-"], &yaml, 0),
    ] {
        assert_is_fast(
            what,
            || assert_eq!(run(&folder, arguments, text).status, status),
            || Duration::from_secs(3),
        );
    }
}

#[test]
fn explain_reads_a_document_that_the_engine_reads_in_slices() {
    let one = |at: usize| {
        format!(r#"{{"name": "c-{at}", "credentials": [{{"apiKey": {{"value": "k-{at}"}}}}]}}"#)
    };
    let all: Vec<String> = (0..60_000).map(one).collect();
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("large-partners.json");
    fs::write(&file, format!("[{}]", all.join(","))).unwrap();
    let policy = r#"
consumersFrom: [{source: partners, items: "$[*]"}]
providers: {keys: {apiKey: {from: [{header: x-api-key}]}}}
sources: {partners: {http: {cluster: centre, path: /}, refresh: 1h}}
routes: [{name: all, require: keys}]
"#;
    let document = format!("--document=partners={}", file.display());
    let arguments = [
        "explain",
        "-",
        "http://a.test/",
        "-H",
        "x-api-key: k-59999",
        &document,
    ];
    let run = run(&folder("explain"), &arguments, policy);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.out.contains("c-59999"), "{run:?}");
}
