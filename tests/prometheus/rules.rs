//! Checks the alerts with promtool: their syntax, and the series on which they fire.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::program;
use crate::shown::{alerts, list, rules};

const CASES: &str = include_str!("alerts.yaml");

/// Runs promtool in a folder with the rules and their cases.
fn promtool(arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("promtool");
    fs::create_dir_all(&folder).expect("the test's folder is writable");
    fs::write(folder.join("alerts.rules.yaml"), rules().to_string())
        .expect("the test's folder is writable");
    fs::write(folder.join("alerts.yaml"), CASES).expect("the test's folder is writable");
    let output = Command::new(program("promtool"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("promtool runs");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{arguments:?}: {out}\n{err}");
}

#[test]
fn alerts_fire_as_their_cases_say() {
    promtool(&["check", "rules", "alerts.rules.yaml"]);
    promtool(&["test", "rules", "alerts.yaml"]);
}

#[test]
fn each_alert_has_a_case_where_it_fires_and_one_where_it_does_not() {
    let cases: Value = serde_yaml_ng::from_str(CASES).expect("it is YAML");
    let cases: Vec<&Value> = list(&cases["tests"])
        .flat_map(|test| list(&test["alert_rule_test"]))
        .collect();
    for alert in alerts() {
        let fires = cases
            .iter()
            .filter(|case| case["alertname"] == alert.as_str())
            .map(|case| list(&case["exp_alerts"]).next().is_some());
        let fires: Vec<bool> = fires.collect();
        assert!(fires.contains(&true) && fires.contains(&false), "{alert}");
    }
}
