//! The dashboard and the alerts use documented metrics only, and together all of them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::project::root;
use crate::wrappers::{list, names_after, samples};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every expression of the dashboard and of the alerts, with the name of its panel or alert.
fn expressions() -> Vec<(String, String)> {
    let dashboard: Value = serde_json::from_str(&read("k8s/monitoring/dashboard.json")).unwrap();
    let mut found = Vec::new();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    for panel in list(&dashboard["panels"]) {
        for target in list(&panel["targets"]) {
            found.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    assert!(found.len() > 10);
    for (_, rules) in &samples()["k8s/monitoring"] {
        for group in list(&rules["spec"]["groups"]) {
            for rule in list(&group["rules"]) {
                found.push((text(&rule["alert"]), text(&rule["expr"])));
            }
        }
    }
    found
}

fn metrics(text: &str) -> BTreeSet<String> {
    names_after(text, "", "postern_")
}

/// The labels in the `by (…)` clauses of an expression.
fn labels(expression: &str) -> BTreeSet<String> {
    let groups = expression.split("by (").skip(1);
    groups
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|inside| inside.split(", "))
        .map(str::to_owned)
        .collect()
}

/// Each metric and label in an expression is documented, and each documented metric is used.
#[test]
fn dashboard_and_alerts_use_the_documented_metrics() {
    let Ok(page) = fs::read_to_string(root().join("docs/metrics.md")) else {
        return;
    };
    // `| name | kind | labels | meaning |`
    let rows = page.lines().filter(|line| line.starts_with("| `postern_"));
    let counted: BTreeSet<_> = rows
        .clone()
        .filter_map(|row| row.split('`').nth(1))
        .map(str::to_owned)
        .collect();
    let mut known: BTreeSet<_> = rows
        .filter_map(|row| row.split(" | ").nth(2))
        .flat_map(|cell| cell.split('`'))
        .map(|label| label.trim_matches([' ', ',', '|']).to_owned())
        .collect();
    // `job` and `instance` are Prometheus' labels, `version` is made by `count_values`, `result` is Istio's agent's.
    known.extend(["job", "instance", "version", "result"].map(str::to_owned));
    let mut shown = BTreeSet::new();
    for (place, expression) in expressions() {
        for label in labels(&expression) {
            assert!(known.contains(&label), "{place}: {label}");
        }
        for metric in metrics(&expression) {
            assert!(counted.contains(&metric), "{place}: {metric}");
            shown.insert(metric);
        }
    }
    let unseen: Vec<_> = counted.difference(&shown).collect();
    assert!(
        unseen.is_empty(),
        "neither the dashboard nor an alert uses {unseen:?}"
    );
}

/// `docs/policy.md` lists each reason in an expression.
#[test]
fn expressions_name_documented_reasons() {
    let page = read("docs/policy.md");
    let mut named = 0_usize;
    for (place, expression) in expressions() {
        for part in expression.split("reason=~\"").skip(1) {
            for reason in part.split('"').next().unwrap().split('|') {
                assert!(page.contains(&format!("`{reason}`")), "{place}: {reason}");
                named = named.saturating_add(1);
            }
        }
    }
    assert!(named > 0);
}

#[test]
fn finds_labels_and_metrics() {
    let expression = "sum by (job, route) (rate(postern_a_total{x=\"y\"}[5m])) > postern_b";
    assert_eq!(
        metrics(expression),
        ["postern_a_total", "postern_b"].map(String::from).into()
    );
    assert_eq!(
        labels(expression),
        ["job", "route"].map(String::from).into()
    );
}
