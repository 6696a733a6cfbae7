//! The Kubernetes objects in `k8s/` and in the documentation, and the policies in them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde::Deserialize as _;
use serde_json::Value;

use crate::project::{files, name, root};

/// The documents of a YAML text.
pub(crate) fn documents(yaml: &str) -> Result<Vec<Value>, String> {
    serde_yaml_ng::Deserializer::from_str(yaml)
        .map(|document| Value::deserialize(document).map_err(|error| error.to_string()))
        .collect()
}

/// The blocks of a Markdown page whose info string is `yaml`, each with its line. `configs.rs` checks those with `yaml policy`.
pub(crate) fn yaml_blocks(page: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut inside = None;
    for (at, line) in page.lines().enumerate() {
        match (inside, line.trim().strip_prefix("```")) {
            (None, Some(info)) => {
                inside = Some(info == "yaml");
                if info == "yaml" {
                    found.push((at.saturating_add(2), String::new()));
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

/// Every sample, by its folder or page. Each document has its file and line.
pub(crate) fn samples() -> BTreeMap<String, Vec<(String, Value)>> {
    let mut all = BTreeMap::new();
    for path in files(&root().join("k8s"), &["yaml"]) {
        let text = fs::read_to_string(&path).unwrap();
        let place = name(&path);
        let read = documents(&text).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert!(!read.is_empty(), "{place} is empty");
        let folder: &mut Vec<_> = all.entry(name(path.parent().unwrap())).or_default();
        folder.extend(read.into_iter().map(|document| (place.clone(), document)));
    }
    for path in files(&root().join("docs"), &["md"]) {
        for (line, block) in yaml_blocks(&fs::read_to_string(&path).unwrap()) {
            let place = format!("{}:{line}", name(&path));
            let read = documents(&block).unwrap_or_else(|error| panic!("{place}: {error}"));
            let page: &mut Vec<_> = all.entry(name(&path)).or_default();
            page.extend(read.into_iter().map(|document| (place.clone(), document)));
        }
    }
    all
}

/// The names in a text that begin with `start` and come directly after `before`. `before` may be empty.
pub(crate) fn names_after(text: &str, before: &str, start: &str) -> BTreeSet<String> {
    let letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = BTreeSet::new();
    for (at, _) in text.match_indices(&format!("{before}{start}")) {
        let (front, rest) = text.split_at(at);
        let inside = before.is_empty() && front.ends_with(letter);
        let rest = rest.strip_prefix(before).unwrap_or(rest);
        if let (false, Some(name)) = (inside, rest.split(|c| !letter(c)).next()) {
            found.insert(name.to_owned());
        }
    }
    found
}

/// The items of a list; none if the value is not a list.
pub(crate) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The value as a protobuf Struct has it: all numbers are doubles.
pub(crate) fn doubles(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().unwrap().into(),
        Value::Array(items) => items.iter().map(doubles).collect(),
        Value::Object(fields) => fields
            .iter()
            .map(|(key, value)| (key.clone(), doubles(value)))
            .collect(),
        Value::Null | Value::Bool(_) | Value::String(_) => value.clone(),
    }
}

/// Collects the text of each StringValue that is a filter's `configuration`, in this value and below.
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
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The policies in one document, as the filter gets them.
pub(crate) fn policies(document: &Value) -> Vec<String> {
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

/// The samples with policies: file, kind, policies.
pub(crate) fn wrapped(samples: &[(String, Value)]) -> Vec<(String, String, Vec<String>)> {
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
fn finds_policies_as_the_filter_gets_them() {
    let yaml = "kind: WasmPlugin\nspec: {pluginConfig: {routes: [], n: 3}}\n---\nkind: Service\n---\nkind: EnvoyFilter\n\
                spec: {a: [{configuration: {'@type': type.googleapis.com/google.protobuf.StringValue, value: '{}'}}]}\n";
    let found: Vec<_> = documents(yaml).unwrap().iter().map(policies).collect();
    assert_eq!(
        found,
        [vec![r#"{"n":3.0,"routes":[]}"#], vec![], vec!["{}"]]
    );
    assert!(documents("a: [").is_err());
    let page = "```yaml\na: 1\n```\n```yaml policy\nroutes: []\n```\n```text\nb\n```\n";
    assert_eq!(yaml_blocks(page), [(2, "a: 1\n".to_owned())]);
}
