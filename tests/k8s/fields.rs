//! What stands around the samples' policies: fields that the kinds have, and what happens after a trap.

use serde_json::Value;

use crate::wrappers::{list, policies, samples};

/// Of WasmPlugin, by its API (extensions.istio.io/v1alpha1): where it stands, and the module's own.
const PLUGIN: [&str; 5] = ["selector", "targetRefs", "phase", "priority", "match"];
const MODULE: [&str; 9] = [
    "url",
    "sha256",
    "imagePullPolicy",
    "imagePullSecret",
    "pluginConfig",
    "pluginName",
    "failStrategy",
    "vmConfig",
    "type",
];
/// Of one module of an EnvoyExtensionPolicy (gateway.envoyproxy.io/v1alpha1).
const EXTENSION: [&str; 6] = ["name", "rootID", "code", "config", "failOpen", "env"];

/// The fields that aren't known.
fn unknown(place: &str, value: &Value, known: &[&[&str]]) -> Vec<String> {
    let fields = value.as_object().unwrap().keys();
    fields
        .filter(|field| !known.iter().any(|known| known.contains(&field.as_str())))
        .map(|field| format!("{place}: `{field}`"))
        .collect()
}

/// Those of one sample.
fn strangers(place: &str, sample: &Value) -> Vec<String> {
    let spec = &sample["spec"];
    match sample["kind"].as_str() {
        Some("WasmPlugin") => unknown(place, spec, &[&PLUGIN, &MODULE]),
        Some("TrafficExtension") => {
            let mut found = unknown(place, spec, &[&PLUGIN, &["wasm"]]);
            found.extend(unknown(place, &spec["wasm"], &[&MODULE]));
            found
        }
        Some("EnvoyExtensionPolicy") => list(&spec["wasm"])
            .flat_map(|module| unknown(place, module, &[&EXTENSION]))
            .collect(),
        _ => Vec::new(),
    }
}

/// Every sample that holds a policy.
fn holding() -> impl Iterator<Item = (String, Value)> {
    let all = samples().into_iter();
    all.filter(|(folder, _)| folder.starts_with("k8s/"))
        .flat_map(|(_, samples)| samples)
        .filter(|(_, sample)| !policies(sample).is_empty())
}

/// An API server refuses what it doesn't know, or drops it without a word.
#[test]
fn the_samples_have_fields_that_there_are() {
    let strange: Vec<_> = holding()
        .flat_map(|(place, sample)| strangers(&place, &sample))
        .collect();
    assert!(strange.is_empty(), "{strange:#?}");
    let misspelt = serde_json::json!({"kind": "WasmPlugin", "spec": {"url": "u", "failStrategi": "FAIL_RELOAD"}});
    assert_eq!(strangers("x", &misspelt), ["x: `failStrategi`"]);
}

/// The filters of an EnvoyFilter.
fn filters<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    match value {
        Value::Object(fields) if fields.contains_key("vm_config") => found.push(value),
        Value::Object(fields) => fields.values().for_each(|value| filters(value, found)),
        Value::Array(items) => items.iter().for_each(|item| filters(item, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What `docs/operations.md` recommends, where the kind has a word for it; else what keeps the gate shut.
#[test]
fn after_a_trap_there_is_a_new_vm_where_the_kind_can_say_so() {
    let mut said = 0_usize;
    for (place, sample) in holding() {
        let spec = &sample["spec"];
        let kind = sample["kind"].as_str().unwrap();
        let words: Vec<(&Value, Value)> = match kind {
            "WasmPlugin" => vec![(&spec["failStrategy"], "FAIL_RELOAD".into())],
            "TrafficExtension" => vec![(&spec["wasm"]["failStrategy"], "FAIL_RELOAD".into())],
            "EnvoyFilter" => {
                let mut found = Vec::new();
                filters(spec, &mut found);
                let words = found.into_iter().map(|filter| &filter["failure_policy"]);
                words.map(|word| (word, "FAIL_RELOAD".into())).collect()
            }
            "EnvoyExtensionPolicy" => list(&spec["wasm"])
                .map(|module| (&module["failOpen"], false.into()))
                .collect(),
            other => panic!("{place}: {other}"),
        };
        for (word, wanted) in words {
            assert_eq!(*word, wanted, "{place}");
            said = said.saturating_add(1);
        }
    }
    assert_eq!(said, 9);
}

/// What stands before each of the filter's log lines is its `root_id`: without one they name nothing.
#[test]
fn every_sample_names_its_filter() {
    let mut named = 0_usize;
    for (place, sample) in holding() {
        let spec = &sample["spec"];
        let mut found = Vec::new();
        filters(spec, &mut found);
        let names: Vec<&Value> = match sample["kind"].as_str().unwrap() {
            "WasmPlugin" => vec![&spec["pluginName"]],
            "TrafficExtension" => vec![&spec["wasm"]["pluginName"]],
            "EnvoyFilter" => found
                .into_iter()
                .flat_map(|filter| [&filter["name"], &filter["root_id"]])
                .collect(),
            "EnvoyExtensionPolicy" => list(&spec["wasm"])
                .flat_map(|module| [&module["name"], &module["rootID"]])
                .collect(),
            other => panic!("{place}: {other}"),
        };
        assert!(!names.is_empty(), "{place}");
        for name in names {
            assert_eq!(name, "postern", "{place}");
        }
        named = named.saturating_add(1);
    }
    assert_eq!(named, 9);
}
