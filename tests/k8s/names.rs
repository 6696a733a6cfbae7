//! Each cluster and each routing value that a policy names is defined by an object beside it.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::project::root;
use crate::wrappers::{list, samples, wrapped};

fn policy_of(samples: &[(String, Value)]) -> Value {
    let (_, _, policies) = wrapped(samples).remove(0);
    serde_json::from_str(&policies[0]).unwrap()
}

fn of_kind<'s>(samples: &'s [(String, Value)], kind: &'s str) -> impl Iterator<Item = &'s Value> {
    let all = samples.iter().map(|(_, document)| document);
    all.filter(move |document| document["kind"] == kind)
}

/// The names of the Envoy clusters that istiod or Envoy Gateway creates from the objects of a folder.
fn clusters(samples: &[(String, Value)]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for entry in of_kind(samples, "ServiceEntry") {
        for host in list(&entry["spec"]["hosts"]) {
            for port in list(&entry["spec"]["ports"]) {
                found.insert(format!(
                    "outbound|{}||{}",
                    port["number"],
                    host.as_str().unwrap()
                ));
            }
        }
    }
    let named = |document: &Value| {
        let text = |field: &str| document["metadata"][field].as_str().unwrap().to_owned();
        (text("name"), text("namespace"))
    };
    for service in of_kind(samples, "Service") {
        let (name, namespace) = named(service);
        for port in list(&service["spec"]["ports"]) {
            let port = &port["port"];
            found.insert(format!(
                "outbound|{port}||{name}.{namespace}.svc.cluster.local"
            ));
        }
    }
    for route in of_kind(samples, "HTTPRoute") {
        let (name, namespace) = named(route);
        for (rule, _) in list(&route["spec"]["rules"]).enumerate() {
            found.insert(format!("httproute/{namespace}/{name}/rule/{rule}"));
        }
    }
    found
}

#[test]
fn the_cluster_of_each_source_is_defined() {
    for folder in [
        "k8s/istio/ingress",
        "k8s/istio/sidecar",
        "k8s/envoy-gateway",
    ] {
        let samples = &samples()[folder];
        let there = clusters(samples);
        let policy = policy_of(samples);
        let sources = policy["sources"].as_object().unwrap();
        assert!(!sources.is_empty(), "{folder}");
        for source in sources.values() {
            let cluster = source["http"]["cluster"].as_str().unwrap();
            assert!(there.contains(cluster), "{folder}: {cluster} of {there:?}");
        }
    }
}

/// The value of the routing header in each rule. `None` is a rule without a condition on this header.
fn routing_values(rules: &Value, header: &str) -> Vec<Option<String>> {
    let value = |condition: &Value| {
        let exact = &condition["headers"][header]["exact"]; // VirtualService
        let listed = list(&condition["headers"]).find(|h| h["name"] == header); // HTTPRoute
        let found = exact
            .as_str()
            .or_else(|| listed.and_then(|h| h["value"].as_str()));
        found.map(str::to_owned)
    };
    list(rules)
        .map(|rule| {
            let conditions = rule.get("match").or_else(|| rule.get("matches"));
            conditions.and_then(|conditions| list(conditions).find_map(value))
        })
        .collect()
}

#[test]
fn each_allowed_upstream_has_a_rule_and_there_is_a_default_rule() {
    for (folder, kind, rules) in [
        ("k8s/istio/ingress", "VirtualService", "http"),
        ("k8s/envoy-gateway", "HTTPRoute", "rules"),
    ] {
        let samples = &samples()[folder];
        let policy = policy_of(samples);
        let header = policy["routing"]["header"].as_str().unwrap();
        let route = of_kind(samples, kind)
            .find(|route| route["metadata"]["name"] == "api")
            .unwrap();
        let mut asked = routing_values(&route["spec"][rules], header);
        // The first rule that matches counts, so the default rule is the last one.
        assert_eq!(asked.pop(), Some(None), "{folder}");
        let allowed: BTreeSet<_> = list(&policy["routing"]["allow"])
            .map(|value| value.as_str().map(str::to_owned))
            .collect();
        assert_eq!(
            asked.into_iter().collect::<BTreeSet<_>>(),
            allowed,
            "{folder}"
        );
    }
}

/// Whether a condition holds for every request, or depends on this header alone.
fn is_by(header: &str, condition: &Value) -> bool {
    let every = [json!("/"), json!({"type": "PathPrefix", "value": "/"})];
    let fields = condition.as_object().unwrap();
    fields.iter().all(|(field, value)| match field.as_str() {
        "prefix" | "path" => every.contains(value),
        // A map of names in a VirtualService, a list elsewhere.
        "headers" => match value.as_object() {
            Some(names) => names.keys().all(|name| name == header),
            None => list(value).all(|condition| condition["name"] == header),
        },
        _ => false,
    })
}

/// Otherwise an edit of something else could move a request to another rule (`docs/rewriting.md`).
#[test]
fn rules_depend_on_the_routing_header_alone() {
    let mut checked = 0_usize;
    let mut check = |place: &str, header: &Value, condition: &Value| {
        let header = header.as_str().unwrap();
        assert!(is_by(header, condition), "{place}: {condition}");
        checked = checked.saturating_add(1);
    };
    for (folder, kind, rules) in [
        ("k8s/istio/ingress", "VirtualService", "http"),
        ("k8s/envoy-gateway", "HTTPRoute", "rules"),
    ] {
        let samples = &samples()[folder];
        let header = &policy_of(samples)["routing"]["header"];
        let route = of_kind(samples, kind)
            .find(|route| route["metadata"]["name"] == "api")
            .unwrap();
        for rule in list(&route["spec"][rules]) {
            let conditions = rule.get("match").or_else(|| rule.get("matches"));
            for condition in conditions.into_iter().flat_map(list) {
                check(folder, header, condition);
            }
        }
    }
    let demo = fs::read_to_string(root().join("envoy/bootstrap.yaml")).unwrap();
    let demo: Value = serde_yaml_ng::from_str(&demo).unwrap();
    let hosts = demo.pointer("/static_resources/listeners/0/filter_chains/0/filters/0/typed_config/route_config/virtual_hosts");
    for host in list(hosts.unwrap()) {
        assert_eq!(host["domains"], json!(["*"]));
        for route in list(&host["routes"]) {
            check("demo", &json!("x-postern-upstream"), &route["match"]);
        }
    }
    assert_eq!(checked, 7);
    for other in [
        json!({"prefix": "/a"}),
        json!({"headers": {"x-a": {"exact": "b"}}}),
        json!({"uri": {"prefix": "/"}}),
    ] {
        assert!(!is_by("x-postern-upstream", &other), "{other}");
    }
}
