//! A policy as large as they come, at a tenth of its size: what costs more than its length would take minutes.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
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
