//! A policy as large as they come, at a tenth of its size: what costs more than its length would take minutes.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

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

#[test]
#[expect(clippy::disallowed_methods, reason = "what is measured is real time")]
fn it_takes_no_time() {
    let policy = policy(10_000, 1_000);
    let folder = folder("check");
    for arguments in [
        &["check", "-"][..],
        &["explain", "-", "http://h7.test/v3/a/b"],
    ] {
        let start = Instant::now();
        let run = run(&folder, arguments, &policy);
        let taken = start.elapsed();
        assert_eq!(run.status, 0, "{run:?}");
        // Without optimisation, on a busy machine.
        assert!(
            taken < Duration::from_secs(20),
            "{arguments:?} took {taken:?}"
        );
    }
}
