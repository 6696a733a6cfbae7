//! The samples for Kubernetes hold together: every policy in them compiles, in every wrapper; what a policy names (clusters, the routing
//! header) is there beside it; and nothing in them lets requests through when the filter fails.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use postern::config::Config;
use postern::policy::{Environment, Policy};
use serde::Deserialize as _;
use serde_json::Value;

/// What shown policies read from the environment: each variable is set.
struct EverythingSet;

impl Environment for EverythingSet {
    fn variable(&self, name: &str) -> Option<String> {
        Some(format!("the value of {name}"))
    }
}

fn compile(json: &str) -> Result<(), String> {
    let config = Config::parse(json.as_bytes()).map_err(|errors| errors.to_string())?;
    Policy::compile(&config, &EverythingSet).map_err(|errors| errors.to_string())?;
    Ok(())
}

// --- reading ---------------------------------------------------------------

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(files(&path, ending));
        } else if path.extension().is_some_and(|found| found == ending) {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn name(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The documents of a YAML text.
fn documents(yaml: &str) -> Result<Vec<Value>, String> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).map_err(|error| error.to_string()))
        .collect()
}

/// The blocks of a Markdown page that hold YAML, each with its line. Those marked as a policy's are the business of `configs.rs`.
fn yaml_blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = None;
    for (at, line) in page.lines().enumerate() {
        match (inside, line.trim().strip_prefix("```")) {
            (None, Some(info)) => {
                inside = Some(info == "yaml");
                if info == "yaml" {
                    found.push((at + 2, String::new()));
                }
            }
            (Some(_), Some("")) => inside = None,
            (Some(true), _) => {
                let (_, block) = found.last_mut().unwrap();
                block.push_str(line);
                block.push('\n');
            }
            _ => {}
        }
    }
    found
}

/// Every sample, by the folder or page that it belongs to, with the place of each document.
fn samples() -> BTreeMap<String, Vec<(String, Value)>> {
    let mut all = BTreeMap::new();
    for path in files(&root().join("k8s"), "yaml") {
        let text = fs::read_to_string(&path).unwrap();
        let place = name(&path);
        let read = documents(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(!read.is_empty(), "{place} is empty");
        let folder: &mut Vec<_> = all.entry(name(path.parent().unwrap())).or_default();
        folder.extend(read.into_iter().map(|document| (place.clone(), document)));
    }
    for path in files(&root().join("docs"), "md") {
        for (line, block) in yaml_blocks(&fs::read_to_string(&path).unwrap()) {
            let place = format!("{}:{line}", name(&path));
            let read = documents(&block).unwrap_or_else(|error| panic!("{place}: {error}"));
            let page: &mut Vec<_> = all.entry(name(&path)).or_default();
            page.extend(read.into_iter().map(|document| (place.clone(), document)));
        }
    }
    all
}

// --- policies in their wrappers ---------------------------------------------

/// What a protobuf Struct makes of JSON: all numbers are doubles.
fn doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().unwrap().into(),
        Value::Array(items) => items.iter().map(doubles).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), doubles(value)))
            .collect(),
        other => other.clone(),
    }
}

/// The text of each StringValue below this one that is a filter's `configuration`.
fn string_values(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| string_values(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "configuration" {
                    let kind = value["@type"].as_str().unwrap_or("a Struct");
                    assert_eq!(kind, "type.googleapis.com/google.protobuf.StringValue");
                    found.push(value["value"].as_str().unwrap().to_owned());
                }
                string_values(value, found);
            }
        }
        _ => {}
    }
}

/// The policies in one document, as the filter will get them.
fn policies(document: &Value) -> Vec<String> {
    let spec = &document["spec"];
    let as_struct = |value: &Value| vec![doubles(value).to_string()];
    match document["kind"].as_str() {
        Some("WasmPlugin") => as_struct(&spec["pluginConfig"]),
        Some("TrafficExtension") => as_struct(&spec["wasm"]["pluginConfig"]),
        Some("EnvoyExtensionPolicy") => {
            let filters = spec["wasm"].as_array().unwrap();
            filters.iter().map(|f| f["config"].to_string()).collect()
        }
        Some("EnvoyFilter") => {
            let mut found = Vec::new();
            string_values(spec, &mut found);
            found
        }
        _ => Vec::new(),
    }
}

/// The wrappers of a folder: place, kind, policies.
fn wrapped(samples: &[(String, Value)]) -> Vec<(String, String, Vec<String>)> {
    samples
        .iter()
        .map(|(place, document)| {
            let kind = document["kind"].as_str().unwrap_or_default().to_owned();
            (place.clone(), kind, policies(document))
        })
        .filter(|(_, _, policies)| !policies.is_empty())
        .collect()
}

#[test]
fn every_policy_in_a_wrapper_compiles() {
    let mut failures = Vec::new();
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (folder, samples) in samples() {
        for (place, kind, policies) in wrapped(&samples) {
            for policy in policies {
                failures.extend(compile(&policy).err().map(|e| format!("{place}: {e}")));
            }
            kinds.entry(folder.clone()).or_default().insert(kind);
        }
    }
    assert!(failures.is_empty(), "\n{}\n", failures.join("\n"));
    let istio = BTreeSet::from(["EnvoyFilter", "TrafficExtension", "WasmPlugin"].map(String::from));
    assert_eq!(kinds["k8s/istio/ingress"], istio);
    assert_eq!(kinds["k8s/istio/sidecar"], istio);
    assert!(kinds["k8s/envoy-gateway"].contains("EnvoyExtensionPolicy"));
}

/// Whoever goes from one kind of object to another keeps the policy.
#[test]
fn the_samples_of_a_folder_hold_one_policy() {
    for (folder, samples) in samples() {
        if !folder.starts_with("k8s/") {
            continue;
        }
        let mut first: Option<Value> = None;
        for (place, _, policies) in wrapped(&samples) {
            for policy in policies {
                let policy = doubles(&serde_json::from_str(&policy).unwrap());
                assert_eq!(first.get_or_insert(policy.clone()), &policy, "{place}");
            }
        }
    }
}

// --- what a policy names -----------------------------------------------------

fn policy_of(samples: &[(String, Value)]) -> Value {
    let (_, _, policies) = wrapped(samples).remove(0);
    serde_json::from_str(&policies[0]).unwrap()
}

fn of_kind<'s>(samples: &'s [(String, Value)], kind: &'s str) -> impl Iterator<Item = &'s Value> {
    let all = samples.iter().map(|(_, document)| document);
    all.filter(move |document| document["kind"] == kind)
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The Envoy clusters that istiod or Envoy Gateway makes of the objects of a folder.
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
fn the_cluster_of_every_source_is_made_by_an_object_beside_it() {
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

/// The values of the routing header that rules ask for; `None` is a rule that asks for no header.
fn asked_for(rules: &Value, header: &str) -> Vec<Option<String>> {
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
fn every_upstream_that_a_policy_may_choose_has_a_rule_and_so_has_none() {
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
        let mut asked = asked_for(&route["spec"][rules], header);
        // First matched, first served: the rule for all others stands last.
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

// --- what the filter may do and what happens if it can't --------------------

/// The words in quotes or after `fn ` that start like this.
fn words(text: &str, start: &str) -> BTreeSet<String> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with(start))
        .map(str::to_owned)
        .collect()
}

fn capabilities(value: &Value, found: &mut Vec<BTreeSet<String>>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| capabilities(item, found)),
        Value::Object(fields) => {
            for (key, value) in fields {
                if key == "allowed_capabilities" {
                    found.push(value.as_object().unwrap().keys().cloned().collect());
                }
                capabilities(value, found);
            }
        }
        _ => {}
    }
}

/// What isn't allowed answers "internal failure", or is never called: the filter would not work.
#[test]
fn the_allowed_capabilities_are_all_that_the_filter_needs() {
    let calls = fs::read_to_string(root().join("src/host/abi.rs")).unwrap();
    let declared: BTreeSet<_> = calls
        .lines()
        .filter_map(|line| line.split_once("fn proxy_"))
        .map(|(_, rest)| format!("proxy_{}", rest.split('(').next().unwrap()))
        .collect();
    let table = fs::read_to_string(root().join("crates/postlink/src/table.rs")).unwrap();
    let callbacks = words(&table, "proxy_on_");
    assert!(declared.len() > 10 && callbacks.len() > 5);
    for (_, samples) in samples() {
        for filter in of_kind(&samples, "EnvoyFilter") {
            let mut found = Vec::new();
            capabilities(filter, &mut found);
            for allowed in found {
                let needed = declared.union(&callbacks);
                let missing: Vec<_> = needed.filter(|name| !allowed.contains(*name)).collect();
                assert!(missing.is_empty(), "{missing:?}");
            }
        }
    }
}

#[test]
fn no_sample_opens_the_gate_when_the_filter_fails() {
    for path in files(&root().join("k8s"), "yaml") {
        let text = fs::read_to_string(&path).unwrap();
        let place = name(&path);
        for word in ["FAIL_OPEN", "failOpen: true", "fail_open: true"] {
            assert!(!text.contains(word), "{place}: {word}");
        }
        if text.contains("kind: WasmPlugin") || text.contains("kind: TrafficExtension") {
            assert!(text.contains("failStrategy: FAIL_CLOSE"), "{place}");
        }
    }
}

#[test]
fn wrappers_are_found_and_read_as_the_filter_gets_them() {
    let yaml = "kind: WasmPlugin\nspec: {pluginConfig: {routes: [], n: 3}}\n---\nkind: Service\n---\nkind: EnvoyFilter\n\
                spec: {a: [{configuration: {'@type': type.googleapis.com/google.protobuf.StringValue, value: '{}'}}]}\n";
    let found: Vec<_> = documents(yaml).unwrap().iter().map(policies).collect();
    assert_eq!(
        found,
        [vec![r#"{"n":3.0,"routes":[]}"#], vec![], vec!["{}"]]
    );
    assert!(documents("a: [").is_err());
    assert!(compile(r#"{"route": []}"#).is_err());
    let page = "```yaml\na: 1\n```\n```yaml policy\nroutes: []\n```\n```text\nb\n```\n";
    assert_eq!(yaml_blocks(page), [(2, "a: 1\n".to_owned())]);
}
