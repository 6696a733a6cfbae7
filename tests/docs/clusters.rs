//! Each policy of the pages about identity providers and config centres has its clusters beside it, with TLS and a name that is
//! checked.

use std::collections::BTreeSet;

use serde::Deserialize as _;
use serde_json::Value;

use crate::project::{files, root};

/// The pages with recipes.
fn pages() -> Vec<String> {
    let docs = root().join("docs");
    let mut paths = vec![docs.join("identity-providers.md"), docs.join("sources.md")];
    paths.extend(files(&docs.join("sources"), &["md"]));
    let read = |path| std::fs::read_to_string(path).expect("the page is there");
    paths.into_iter().map(read).collect()
}

/// The YAML documents of one section.
fn documents(section: &str) -> Vec<Value> {
    let blocks = section.split("\n```yaml").skip(1);
    let texts = blocks.filter_map(|block| block.split_once('\n')?.1.split("\n```").next());
    texts
        .flat_map(serde_yaml_ng::Deserializer::from_str)
        .map(|document| Value::deserialize(document).unwrap_or_else(|error| panic!("{error}")))
        .collect()
}

/// The clusters that a policy names, anywhere in it.
fn named(value: &Value, found: &mut BTreeSet<String>) {
    let below: Vec<&Value> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(items) => items.iter().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return,
    };
    found.extend(value["cluster"].as_str().map(str::to_owned));
    let others = value["clusters"].as_object().into_iter().flatten();
    found.extend(others.filter_map(|(_, name)| name.as_str().map(str::to_owned)));
    for value in below {
        named(value, found);
    }
}

/// Whether a cluster is a unix socket, which needs no TLS.
fn is_pipe(cluster: &Value) -> bool {
    let endpoint = &cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"];
    endpoint["address"]["pipe"]["path"].is_string()
}

/// The clusters that a document makes, if each checks whose certificate it is given.
fn made(document: &Value, all: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let of_kind = |kind: &'static str| all.iter().filter(move |other| other["kind"] == kind);
    if let Some(clusters) = document["clusters"].as_array() {
        return clusters
            .iter()
            .map(|cluster| {
                if is_pipe(cluster) {
                    return text(&cluster["name"]);
                }
                let tls = &cluster["transport_socket"]["typed_config"];
                let context = &tls["common_tls_context"]["validation_context"];
                assert!(context["trusted_ca"]["filename"].is_string(), "{cluster}");
                let names = &context["match_typed_subject_alt_names"];
                assert_eq!(names[0]["matcher"]["exact"], tls["sni"], "{cluster}");
                assert!(tls["sni"].is_string(), "{cluster}");
                text(&cluster["name"])
            })
            .collect();
    }
    if document["kind"] != "DestinationRule" {
        return Vec::new();
    }
    let (host, tls) = (
        &document["spec"]["host"],
        &document["spec"]["trafficPolicy"]["tls"],
    );
    assert_eq!(tls["mode"], "SIMPLE", "{document}");
    assert_eq!(tls["subjectAltNames"][0], tls["sni"], "{document}");
    assert!(
        tls["sni"].is_string() && tls["caCertificates"].is_string(),
        "{document}"
    );
    let entry = of_kind("ServiceEntry").find(|entry| entry["spec"]["hosts"][0] == *host);
    let port = entry.map_or(443, |entry| {
        entry["spec"]["ports"][0]["number"]
            .as_u64()
            .expect("a port")
    });
    let is_of_the_cluster = text(host).ends_with(".svc.cluster.local");
    assert!(entry.is_some() || is_of_the_cluster, "{host} has no entry");
    vec![format!("outbound|{port}||{}", text(host))]
}

#[test]
fn each_policy_has_its_clusters_beside_it() {
    let (mut policies, mut wrong) = (0_usize, Vec::new());
    let pages = pages();
    for section in pages.iter().flat_map(|page| page.split("\n## ")) {
        let title = section.lines().next().unwrap_or_default();
        let all = documents(section);
        let known: BTreeSet<String> = all.iter().flat_map(|one| made(one, &all)).collect();
        let is_policy = |one: &&Value| one["providers"].is_object() || one["sources"].is_object();
        for policy in all.iter().filter(is_policy) {
            policies = policies.saturating_add(1);
            let mut needed = BTreeSet::new();
            named(policy, &mut needed);
            assert!(!needed.is_empty(), "{title}: {policy}");
            let missing = needed.difference(&known);
            wrong.extend(missing.map(|name| format!("{title}: there is no cluster {name}")));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
    assert!(policies > 7, "only {policies} policies were found");
}
