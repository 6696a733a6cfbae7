//! A policy as large as they come, at a tenth of its size: the tool takes little longer than the filter's own part of it.

use std::fmt::Write as _;
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

/// The shortest of several times: what else the machine does only makes them longer.
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn shortest(mut what: impl FnMut()) -> Duration {
    let time = |_| {
        let start = Instant::now();
        what();
        start.elapsed()
    };
    (0..3).map(time).min().unwrap_or_default()
}

/// What must be done in any case: the policy read and compiled.
fn compiled(json: &str) {
    let config = Config::parse(json.as_bytes()).unwrap();
    let policy = Policy::compile(&config, &Nothing).unwrap();
    std::mem::forget((config, policy));
}

#[test]
fn it_takes_no_time() {
    let yaml = policy(10_000, 1_000);
    let value: serde_json::Value = serde_yaml_ng::from_str(&yaml).unwrap();
    let json = value.to_string();
    // Where there is something to say, places are needed.
    let warned = format!("{yaml}sources: {{spare: {{inline: 1}}}}\n");
    let wrong = yaml.replace("name: route-700,", "name: route-700, nme: x,");
    let needed = shortest(|| compiled(&json));
    let folder = folder("check");
    for (what, arguments, text, status, most) in [
        ("JSON", &["check", "-"][..], &json, 0, 20),
        ("YAML", &["check", "-"], &yaml, 0, 30),
        ("YAML, a warning", &["check", "-"], &warned, 0, 45),
        ("YAML, an error", &["check", "-"], &wrong, 1, 45),
        (
            "YAML",
            &["explain", "-", "http://h7.test/v3/a/b"],
            &yaml,
            0,
            35,
        ),
    ] {
        let taken = shortest(|| {
            let run = run(&folder, arguments, text);
            assert_eq!(run.status, status, "{:.400} {:.400}", run.out, run.err);
        });
        // In tenths of what is needed.
        let bound = needed.saturating_mul(most) / 10 + Duration::from_millis(100);
        assert!(
            taken < bound,
            "{what}, {arguments:?}: {taken:?}, and {needed:?} is what the filter takes"
        );
    }
}
