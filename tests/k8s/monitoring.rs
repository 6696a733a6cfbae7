//! The dashboard and the alerts speak of metrics that there are, and of all of them.

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;

use crate::wrappers::{list, names_after, root, samples};

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// Every expression of the dashboard and of the alerts, with where it stands.
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

/// The labels that an expression groups by.
fn labels(expression: &str) -> BTreeSet<String> {
    let groups = expression.split("by (").skip(1);
    groups
        .filter_map(|rest| rest.split(')').next())
        .flat_map(|inside| inside.split(", "))
        .map(str::to_owned)
        .collect()
}

/// What is shown has to be counted, by labels that it has; and what is counted ought to be seen.
#[test]
fn dashboard_and_alerts_show_the_metrics_that_there_are() {
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
    // Prometheus' own, what `count_values` makes, and that of Istio's agent.
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
    assert!(unseen.is_empty(), "nobody looks at {unseen:?}");
}

/// The reasons that an expression names are those of the policy's page.
#[test]
fn reasons_are_those_of_the_gate() {
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
fn labels_and_metrics_are_found() {
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
