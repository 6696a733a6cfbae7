//! `postern check`.

use std::fs;

use serde_json::Value;

use crate::case;
use crate::golden::{compare, files, folder, run};

#[test]
fn reports_findings_with_their_positions() {
    let folder = folder("check");
    let mut failures = Vec::new();
    let files = files(&folder, &["yaml", "json"]);
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let run = run(&folder, &["check", name], "");
        failures.extend(compare(&run, &path.with_extension("out")).err());
    }
    assert!(files.len() > 9, "{} files", files.len());
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
}

/// The number of errors that the tool finds in a refused policy. Unset variables are none: the tool assumes that they are set.
fn expected_errors(refused: &case::Refused) -> usize {
    refused
        .errors
        .iter()
        .filter(|error| !error.says.ends_with("REFUSED_UNSET"))
        .count()
}

/// The tool reports the errors that the filter logs, each with a position in the file.
#[test]
fn reports_the_errors_of_the_corpus() {
    let folder = folder("check");
    let mut count = 0_usize;
    for file in case::files() {
        let good = file.policy.iter().map(|policy| (policy.clone(), 0));
        let bad = file
            .refused
            .iter()
            .filter_map(|refused| Some((refused.policy.clone()?, expected_errors(refused))));
        let env: Vec<String> = file
            .env
            .iter()
            .map(|(name, value)| format!("--env={name}={value}"))
            .collect();
        let arguments = ["check", "--format", "json", "-"]
            .into_iter()
            .chain(env.iter().map(String::as_str));
        let arguments: Vec<&str> = arguments.collect();
        for (policy, errors) in good.chain(bad) {
            count += 1;
            let run = run(&folder, &arguments, &policy);
            let report: Value = serde_json::from_str(&run.out).unwrap();
            let found: Vec<&Value> = report["findings"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|found| found["level"] == "error")
                .collect();
            assert_eq!(found.len(), errors, "{policy}\n{found:#?}");
            assert_eq!(run.status, i32::from(errors > 0), "{policy}");
            let lines = u64::try_from(policy.lines().count()).unwrap();
            assert!(
                found
                    .iter()
                    .all(|found| (1..=lines).contains(&found["line"].as_u64().unwrap())),
                "{found:#?}"
            );
        }
    }
    assert!(count > 60, "{count} policies");
}

#[test]
fn exits_with_the_documented_status() {
    let folder = folder("check");
    for (arguments, input, status) in [
        (&["check", "-"][..], "routes: []", 0),
        (&["check", "-"], "route: []", 1),
        (&["check", "-"], "a: [", 2),
        (&["check", "-"], "", 2),
        (&["check", "no-such-file"], "", 2),
        (&["check"], "", 2),
        (&["check", "--format", "html", "-"], "", 2),
        (&["check", "no-such-file", "good.yaml"], "", 2),
        (&["check", "-"], "consumers: [{name: a}]", 0),
        (
            &["check", "--deny-warnings", "-"],
            "consumers: [{name: a}]",
            1,
        ),
        (&["check", "-"], "apiVersion: v1\nkind: ConfigMap", 2),
    ] {
        let run = run(&folder, arguments, input);
        assert_eq!(run.status, status, "{arguments:?} {input}: {run:?}");
    }
}

#[test]
fn writes_sarif() {
    for (file, least) in [
        ("policy.yaml", 4),
        ("meant.yaml", 14),
        ("ambiguous.yaml", 10),
    ] {
        let run = run(&folder("check"), &["check", "--format", "sarif", file], "");
        let log: Value = serde_json::from_str(&run.out).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array();
        let rules = rules.unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        assert!(results.len() >= least, "{file}");
        for result in results {
            assert!(
                rules.iter().any(|rule| rule["id"] == result["ruleId"]),
                "{result}"
            );
            let location = &result["locations"][0]["physicalLocation"];
            assert_eq!(location["artifactLocation"]["uri"], file);
            assert!(location["region"]["startLine"].as_u64().unwrap() > 0);
            assert!(result["message"]["text"].is_string());
        }
    }
}

#[test]
fn prints_no_secrets() {
    let folder = folder("check");
    for file in files(&folder, &["out"]) {
        let text = fs::read_to_string(&file).unwrap();
        assert!(!text.contains("hunter2"), "{}", file.display());
    }
}
