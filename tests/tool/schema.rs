//! `postern schema`: the schema takes what the decoder takes, and refuses what the decoder refuses.

use postern::config::Config;
use serde_json::Value;

use crate::case;
use crate::golden::{folder, run};
use crate::json_schema::Checker;

/// Errors that a schema can't express: duplicate names, bounds of values with units, a version newer than the module.
const INEXPRESSIBLE: [&str; 4] = [
    "this module is",
    "duplicate key",
    "another one has this name",
    "must be from",
];

/// Policies that together have every field.
const COMPLETE: [&str; 2] = [
    include_str!("../golden/explain/crm.yaml"),
    include_str!("../golden/schema/all.yaml"),
];

fn schema() -> Value {
    let run = run(&folder("check"), &["schema"], "");
    assert_eq!(run.status, 0, "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

/// Whether the decoder and the schema agree on `policy`. None if a schema can't express the decoder's errors.
fn agree(checker: &Checker, policy: &Value) -> Option<bool> {
    let valid = checker.takes(policy);
    match Config::parse(policy.to_string().as_bytes()) {
        Ok(_) => Some(valid),
        Err(errors) => {
            let is_inexpressible =
                |reason: &str| INEXPRESSIBLE.iter().any(|start| reason.starts_with(start));
            if errors.iter().all(|error| is_inexpressible(&error.reason)) {
                return None;
            }
            Some(!valid)
        }
    }
}

/// All policies of the corpus and of the documentation, valid and refused.
fn policies() -> Vec<Value> {
    let files = case::files();
    let mut texts: Vec<&str> = files
        .iter()
        .filter_map(|file| file.policy.as_deref())
        .collect();
    let refused = files.iter().flat_map(|file| &file.refused);
    texts.extend(
        refused.filter_map(|refused| refused.policy.as_deref().or(refused.json.as_deref())),
    );
    texts.push(include_str!("../../envoy/policy.yaml"));
    let reference = include_str!("../../docs/policy.md");
    let blocks = reference.split("```yaml policy\n").skip(1);
    texts.extend(blocks.filter_map(|block| Some(block.split_once("```")?.0)));
    let texts = texts.into_iter();
    // A `Value` can't hold a policy with duplicate keys.
    texts
        .filter_map(|text| serde_yaml_ng::from_str(text).ok())
        .collect()
}

#[test]
fn agrees_with_the_decoder_on_the_corpus() {
    let checker = Checker::new(schema());
    let policies = policies();
    assert!(policies.len() > 60, "{} policies", policies.len());
    let wrong: Vec<_> = policies
        .iter()
        .filter(|policy| agree(&checker, policy) == Some(false))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn agrees_with_the_decoder_on_policies_with_one_change() {
    let checker = Checker::new(schema());
    let mut tried = 0_usize;
    let mut wrong = Vec::new();
    for policy in COMPLETE {
        let policy: Value = serde_yaml_ng::from_str(policy).unwrap();
        each_change(&policy, &mut |what, changed| {
            tried += 1;
            if agree(&checker, changed) == Some(false) {
                let errors = Config::parse(changed.to_string().as_bytes()).err();
                wrong.push(format!("{what}: {errors:?}"));
            }
        });
    }
    assert!(wrong.is_empty(), "of {tried}:\n{}", wrong.join("\n"));
    assert!(tried > 3_000, "{tried}");
}

/// The values that replace each part of a policy.
fn replacements() -> Vec<Value> {
    let text = r#"[null, true, false, 1, 308.0, 0, -1, 70000, 1.5, "", "x", "none", "/x", "a\nb", "5s", "50%", "8Mi", "get", "GET",
        "content_length", "Host", "${key}", "/${key}", [], ["x"], ["none"], [{}], {}, {"x": "y"}, {"env": "X"}, {"none": {}},
        {"any": ["x"]}, {"path": "x"}, {"prefix": "/"}, {"exact": "/"}, {"deny": 404}, {"lookup": "a.b"}]"#;
    serde_json::from_str(text).unwrap()
}

/// Calls `check` for every policy that differs from this one in one part.
fn each_change(policy: &Value, check: &mut dyn FnMut(&str, &Value)) {
    let mut pointers = Vec::new();
    collect(policy, String::new(), &mut pointers);
    for (at, pointer) in pointers.into_iter().enumerate() {
        // One of four replacements at each part: all of them take half a minute.
        let some = replacements()
            .into_iter()
            .enumerate()
            .filter(|(number, _)| number % 4 == at % 4);
        for (_, replacement) in some {
            let mut changed = policy.clone();
            let what = format!("{pointer} is {replacement}");
            *changed.pointer_mut(&pointer).unwrap() = replacement;
            check(&what, &changed);
        }
        let mut changed = policy.clone();
        let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", ""));
        if let Some(Value::Object(map)) = changed.pointer_mut(parent) {
            let key = key.replace("~1", "/").replace("~0", "~");
            if let Some(value) = map.remove(&key) {
                check(&format!("{pointer} is missing"), &changed);
                for other in [
                    "other", "", "host", "none", "all", "equals", "value", "prefix", "deny",
                ] {
                    let mut renamed = changed.clone();
                    if let Some(Value::Object(map)) = renamed.pointer_mut(parent) {
                        map.entry(other).or_insert_with(|| value.clone());
                    }
                    check(&format!("{pointer} is {other}"), &renamed);
                }
            }
        }
    }
}

fn collect(value: &Value, pointer: String, pointers: &mut Vec<String>) {
    match value {
        Value::Array(list) => {
            for (at, value) in list.iter().enumerate() {
                collect(value, format!("{pointer}/{at}"), pointers);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                let key = key.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{pointer}/{key}"), pointers);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
    pointers.push(pointer);
}
