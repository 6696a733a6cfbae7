//! The project's alerts, and the queries of its dashboard and its documentation.

use std::fs;
use std::path::Path;

use serde_json::Value;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The alerts as a rule file of Prometheus: the object's `spec`.
pub(crate) fn rules() -> Value {
    let alerts: Value =
        serde_yaml_ng::from_str(&read("k8s/monitoring/alerts.yaml")).expect("it is YAML");
    alerts["spec"].clone()
}

/// The items of a list.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text of this field in each value.
fn texts(all: &[&Value], field: &str) -> Vec<String> {
    all.iter()
        .map(|value| value[field].as_str().expect("a text").to_owned())
        .collect()
}

/// The text of this field in every rule of every group.
fn of_rules(field: &str) -> Vec<String> {
    let rules = rules();
    let all = list(&rules["groups"]).flat_map(|group| list(&group["rules"]));
    texts(&all.collect::<Vec<_>>(), field)
}

/// The names of all alerts.
pub(crate) fn alerts() -> Vec<String> {
    of_rules("alert")
}

/// Every query of the dashboard, as Grafana sends it for all jobs.
pub(crate) fn dashboard() -> Vec<String> {
    let dashboard: Value =
        serde_json::from_str(&read("k8s/monitoring/dashboard.json")).expect("it is JSON");
    let targets = list(&dashboard["panels"]).flat_map(|panel| list(&panel["targets"]));
    let queries = texts(&targets.collect::<Vec<_>>(), "expr").into_iter();
    queries
        .map(|query| {
            query
                .replace("$job", ".*")
                .replace("$__rate_interval", "1m")
        })
        .collect()
}

/// The expression of every alert.
pub(crate) fn conditions() -> Vec<String> {
    of_rules("expr")
}

/// The queries on the page about metrics. Further lines of a query are indented.
pub(crate) fn page() -> Vec<String> {
    let page = read("docs/metrics.md");
    let blocks = page.split("```promql\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut found: Vec<String> = Vec::new();
    for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match found.last_mut() {
            Some(last) if line.starts_with(' ') => last.push_str(line),
            _ => found.push(line.to_owned()),
        }
    }
    found
}
