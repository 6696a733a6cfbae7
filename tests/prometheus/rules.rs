//! The alerts by promtool: that they are rules at all, and what they fire on.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::server::program;
use crate::shown::{alerts, list, rules};

const CASES: &str = include_str!("alerts.yaml");

/// Runs promtool in a folder that has the rules and their cases.
fn promtool(arguments: &[&str]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("promtool");
    fs::create_dir_all(&folder).expect("a folder of ours");
    fs::write(folder.join("alerts.rules.yaml"), rules().to_string()).expect("a folder of ours");
    fs::write(folder.join("alerts.yaml"), CASES).expect("a folder of ours");
    let output = Command::new(program("promtool"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("promtool runs");
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(output.status.success(), "{arguments:?}: {out}\n{err}");
}

#[test]
fn alerts_fire_on_what_they_should_and_on_nothing_else() {
    promtool(&["check", "rules", "alerts.rules.yaml"]);
    promtool(&["test", "rules", "alerts.yaml"]);
}

#[test]
fn every_alert_has_a_case_where_it_fires_and_one_where_it_is_silent() {
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
