//! A policy as large as they come, at a tenth of its size: the tool takes little longer than the filter's own part of it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use postern::config::Config;
use postern::policy::{Environment, Policy};

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

struct Nothing;

impl Environment for Nothing {
    fn variable(&self, _: &str) -> Option<String> {
        None
    }
}

#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn time(what: impl FnOnce()) -> Duration {
    let start = Instant::now();
    what();
    start.elapsed()
}

/// What must be done in any case: the policy read and compiled.
fn compile(json: &str) {
    let config = Config::parse(json.as_bytes()).unwrap();
    let policy = Policy::compile(&config, &Nothing).unwrap();
    std::mem::forget((config, policy));
}

/// Another library's tree of the same: a measure of how fast this machine is.
fn read(json: &str) {
    let value: serde_json::Value = serde_json::from_str(json).unwrap();
    std::mem::forget(value);
}

/// How often it is looked at. What else the machine does makes every time longer, so the shortest of each counts.
const LOOKS: std::ops::Range<usize> = 3..10;

#[test]
fn it_takes_no_time() {
    let yaml = policy(10_000, 1_000);
    let value: serde_json::Value = serde_yaml_ng::from_str(&yaml).unwrap();
    let json = value.to_string();
    // Where there is something to say, places are needed.
    let warned = format!("{yaml}sources: {{spare: {{inline: 1}}}}\n");
    let wrong = yaml.replace("name: route-700,", "name: route-700, nme: x,");
    assert_ne!(wrong, yaml);
    let explain = ["explain", "-", "http://h7.test/v3/a/b"];
    let folder = folder("check");
    for (what, arguments, text, status, trees) in [
        ("JSON", &["check", "-"][..], &json, 0, 0),
        ("YAML", &["check", "-"], &yaml, 0, 3),
        ("YAML, a warning", &["check", "-"], &warned, 0, 6),
        ("YAML, an error", &["check", "-"], &wrong, 1, 6),
        ("YAML, explained", &explain, &yaml, 0, 5),
    ] {
        let mut shortest = [Duration::MAX; 3];
        let mut quick = false;
        for look in 1..=LOOKS.end {
            let times = [
                time(|| compile(&json)),
                time(|| read(&json)),
                time(|| {
                    let run = run(&folder, arguments, text);
                    assert_eq!(run.status, status, "{:.400} {:.400}", run.out, run.err);
                }),
            ];
            shortest = [0, 1, 2].map(|at| times[at].min(shortest[at]));
            let [compiled, read, taken] = shortest;
            let most = compiled.saturating_mul(3) / 2 + read.saturating_mul(trees);
            quick = taken < most.saturating_add(Duration::from_millis(40));
            if quick && look >= LOOKS.start {
                break;
            }
        }
        assert!(
            quick,
            "{what}: to compile, to read, and what the tool took: {shortest:?}"
        );
    }
}

#[test]
fn a_document_that_a_gateway_reads_in_slices_is_read_here_too() {
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
