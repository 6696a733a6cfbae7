//! Checks the objects around the policies: their fields, and their setting for a trap.

use serde_json::Value;

use crate::wrappers::{list, policies, samples};

/// The fields of a WasmPlugin (extensions.istio.io/v1alpha1) that select where it runs.
const PLUGIN: [&str; 5] = ["selector", "targetRefs", "phase", "priority", "match"];
/// The fields of a WasmPlugin that describe the module.
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
/// The fields of one module of an EnvoyExtensionPolicy (gateway.envoyproxy.io/v1alpha1).
const EXTENSION: [&str; 6] = ["name", "rootID", "code", "config", "failOpen", "env"];

/// The fields of `value` that are not in `known`.
fn unknown(place: &str, value: &Value, known: &[&[&str]]) -> Vec<String> {
    let fields = value.as_object().unwrap().keys();
    fields
        .filter(|field| !known.iter().any(|known| known.contains(&field.as_str())))
        .map(|field| format!("{place}: `{field}`"))
        .collect()
}

/// The unknown fields of one sample.
fn unknown_fields(place: &str, sample: &Value) -> Vec<String> {
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

/// Every sample with a policy.
fn with_policy() -> impl Iterator<Item = (String, Value)> {
    let all = samples().into_iter();
    all.filter(|(folder, _)| folder.starts_with("k8s/"))
        .flat_map(|(_, samples)| samples)
        .filter(|(_, sample)| !policies(sample).is_empty())
}

/// An API server refuses an unknown field, or drops it without a message.
#[test]
fn samples_have_known_fields_only() {
    let unknown: Vec<_> = with_policy()
        .flat_map(|(place, sample)| unknown_fields(&place, &sample))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    let misspelt = serde_json::json!({"kind": "WasmPlugin", "spec": {"url": "u", "failStrategi": "FAIL_RELOAD"}});
    assert_eq!(unknown_fields("x", &misspelt), ["x: `failStrategi`"]);
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

/// If the kind has a setting for it, it is `FAIL_RELOAD`, as `docs/operations.md` recommends. Otherwise the filter denies
/// requests after a trap.
#[test]
fn samples_reload_the_vm_after_a_trap() {
    let mut checked = 0_usize;
    for (place, sample) in with_policy() {
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
            checked = checked.saturating_add(1);
        }
    }
    assert_eq!(checked, 9);
}

/// Each log line of the filter begins with its `root_id`. Without one, the lines have no name.
#[test]
fn samples_name_their_filter() {
    let mut named = 0_usize;
    for (place, sample) in with_policy() {
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
