//! Contents as people write them, in the forms in which v1 (`=`) and the others (`"`) send them.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::source::Format;

/// The document of these contents.
fn document(contents: &[&str]) -> Vec<u8> {
    let part = |(at, content): (usize, &&str)| {
        let (form, content) = match at % 2 {
            0 => ("=", (*content).to_owned()),
            _ => ("\"", json!(content).to_string()),
        };
        let content = format!("{form}text\n{}", content.trim_matches('"'));
        format!("app{at} {}\n{content}", content.len())
    };
    let parts: Vec<String> = contents.iter().enumerate().map(part).collect();
    parts.concat().into_bytes()
}

/// The tree of these contents, which is the same in slices of any size.
fn read(format: ContentFormat, text: &[u8]) -> Result<Value, SourceError> {
    let read = |size: usize| {
        let mut reader = Format::Parts(PartFormat::Nacos(format)).reader();
        loop {
            match reader.advance(text, &mut Budget::of(size)) {
                Ok(None) => {}
                Ok(Some(value)) => break Ok(value),
                Err(error) => break Err(error),
            }
        }
    };
    let whole = read(usize::MAX);
    for size in [1, 7, 100, 1000] {
        assert_eq!(read(size), whole, "{size}");
    }
    whole
}

#[test]
fn the_last_content_counts_as_spring_binds_it() {
    use ContentFormat::{Json, Properties, Yaml};
    for (format, contents, expected) in [
        (
            Properties,
            &[
                "limit=5\nrules[0].path=/a\nrules[1].path=/b\nshared.x=1\n",
                "rules[0].path=/c\nshared.y-z=2\nmap[Acme-1].to=blue\n",
                "LIMIT=6\nmap[acme-1].to=green\nref=${limit}\nkey={cipher}AQA\n",
            ][..],
            json!({"limit": "6", "rules": [{"path": "/c"}], "shared": {"x": "1", "yz": "2"}, "ref": null, "key": null,
                   "map": {"Acme-1": {"to": "blue"}, "acme-1": {"to": "green"}}}),
        ),
        (
            Yaml,
            &[
                "limits: {upload: 5, per-minute: 60}\ntenants:\n  - {id: acme, up: {to: blue}}\n  - {id: globex}\nnone: [1]\n",
                "limits: {upload: 20}\nrules: [[1, 2], [3]]\nlimits.perMinute: 61\nempty: {}\n",
                "tenants: [{id: initech}]\nnone: []\nempty: {a: null}\n\"[Acme-1]\": {\"[x.Y]\": 1}\n",
            ],
            json!({"limits": {"upload": 20, "perminute": 61}, "tenants": [{"id": "initech"}], "none": [], "rules": [[1, 2], [3]],
                   "empty": {"a": null}, "Acme-1": {"x.Y": 1}}),
        ),
        (
            Json,
            &[
                r#"{"a": {"b": 1, "c": "${x}"}, "flag": true, "l": [{"x": 1}, {"x": 2}], "n": 12345678901234567890}"#,
                r#"{"a": {"b": {"d": 2}}, "flag": false, "l[0].x": 3, "gone": {}}"#,
            ],
            json!({"a": {"b": {"d": 2}, "c": null}, "flag": false, "l": [{"x": 3}], "n": 12_345_678_901_234_567_890_u64, "gone": {}}),
        ),
        // Consumers, with their labels.
        (
            Yaml,
            &[
                "consumers: [{name: ann, labels: {Cost-Centre: c1}, credentials: [{api-key: {value: k-ann}}]}]\n",
            ],
            json!({"consumers": [{"name": "ann", "labels": {"Cost-Centre": "c1"}, "credentials": [{"apiKey": {"value": "k-ann"}}]}]}),
        ),
        // The last file revokes the consumers.
        (
            Json,
            &[
                r#"{"consumers": [{"name": "ann"}]}"#,
                r#"{"consumers": []}"#,
            ],
            json!({"consumers": []}),
        ),
    ] {
        let tree = read(format, &document(contents)).unwrap();
        assert_eq!(tree, expected, "{contents:?}");
    }
}

#[test]
fn a_broken_content_makes_all_broken() {
    use ContentFormat::{Json, Properties, Yaml};
    for (format, contents, expected) in [
        (Json, &[r#"{"a": 1}"#, r#"{"a": 1"#][..], "app1: "),
        (Json, &[r#"{"a": 1, "a": 2}"#], "app0: "),
        (Json, &[r#"{"a": 1}"#, "[1]"], "app1: it is no map"),
        (Json, &["hunter2"], "app0: "),
        (Yaml, &["a: 1", "b: 1\nb: 2\n"], "app1: "),
        (Yaml, &["a: 1\n---\na: 2\n"], "app0: "),
        (Yaml, &["a: &x 1\nb: *x\n", "a: 1"], "app0: "),
        (Yaml, &["- a", "a: 1"], "app0: it is no map"),
        (Properties, &["a=1", "# nothing\n"], "app1: "),
        (Properties, &["a=1\na=2\n", "a=1"], "app0: "),
    ] {
        let error = read(format, &document(contents)).unwrap_err().to_string();
        assert!(error.contains(expected), "{contents:?}: {error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
    for text in [
        "app",
        "app 5",
        "app 5\n=x\n",
        "app x\n",
        "app -1\n",
        "app 18446744073709551615\n",
        " 0\n",
        "\n",
    ] {
        let error = read(Json, text.as_bytes()).unwrap_err();
        assert!(
            matches!(error, SourceError::Malformed(_)),
            "{text}: {error}"
        );
    }
    let long = format!("app 19\n={{\"{}\": 1}}", "a".repeat(5000));
    read(Json, long.as_bytes()).unwrap_err();
    let long = format!(
        "{{\"{}\": {{\"{}\": 1}}}}",
        "a".repeat(3000),
        "b".repeat(3000)
    );
    let error = read(Json, &document(&[&long])).unwrap_err();
    assert!(
        error.to_string().contains("more than 4096 bytes"),
        "{error}"
    );
}

/// Large contents are read in slices that cost about as much as they spend, and nothing is lost.
#[test]
fn slices_are_bounded_and_nothing_is_lost() {
    let entries =
        (0..5000).map(|at| format!("  - {{id: t{at}, tags: [a, b], to: {{up: x-{at}}}}}\n"));
    let large = "tenants:\n".to_owned() + &entries.collect::<String>();
    let text = document(&[&large, "limits: {a: 1}\n", &large]);
    let mut reader = Format::Parts(PartFormat::Nacos(ContentFormat::Yaml)).reader();
    let mut slices = 0;
    let sliced = loop {
        let mut budget = Budget::slice();
        slices += 1;
        if let Some(value) = reader.advance(&text, &mut budget).unwrap() {
            break value;
        }
        assert!(budget.spent() < 384 << 10, "{}", budget.spent());
    };
    assert!(slices > 20, "{slices}");
    assert_eq!(
        sliced["tenants"][4999],
        json!({"id": "t4999", "tags": ["a", "b"], "to": {"up": "x-4999"}})
    );

    let text = document(&["a: {b: [one, {c: two}]}\n", "d: [three]\ne: four\n"]);
    let mut was_whole = false;
    for slices in 1..100 {
        let mut reader = Format::Parts(PartFormat::Nacos(ContentFormat::Yaml)).reader();
        let mut last = None;
        for _ in 0..slices {
            last = reader.advance(&text, &mut Budget::of(1)).unwrap();
        }
        if last.is_some() {
            assert!(was_whole && slices > 10, "{slices}");
            return;
        }
        let merging = format!("{reader:?}");
        assert!(!merging.contains("three"), "{merging}");
        let parts = Value::Array(reader.into_parts()).to_string();
        let count = ["one", "two", "three", "four"]
            .iter()
            .filter(|value| parts.contains(**value))
            .count();
        assert!(!was_whole || count == 4, "{slices}: {parts}");
        was_whole = count == 4;
    }
    panic!("it goes on for ever");
}

/// Trees with a few names, so that they meet.
fn trees() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..5_u8).prop_map(Value::from),
        "[a-c]{0,2}".prop_map(Value::from),
    ];
    let tree = leaf.prop_recursive(3, 16, 4, |inner| {
        let map = proptest::collection::btree_map("[ab0]", inner.clone(), 0..4);
        prop_oneof![
            map.prop_map(|map| map.into_iter().collect()),
            proptest::collection::vec(inner, 0..4).prop_map(Value::from),
        ]
    });
    let map = proptest::collection::btree_map("[ab0]", tree, 0..4);
    map.prop_map(|map| map.into_iter().collect())
}

/// What counts where `over` comes after `under`: the map of both, and otherwise `over`.
fn merged(over: Value, under: Value) -> Value {
    if !over.is_object() || !(under.is_object() || under.is_array()) {
        return over;
    }
    let mut all: Map<String, Value> = serde_json::from_value(over).unwrap();
    let under: Map<String, Value> = if let Value::Array(under) = under {
        let with_index = |(at, value): (usize, Value)| (at.to_string(), value);
        under.into_iter().enumerate().map(with_index).collect()
    } else {
        serde_json::from_value(under).unwrap()
    };
    for (name, value) in under {
        let value = match all.remove(&name) {
            Some(over) => merged(over, value),
            None => value,
        };
        all.insert(name, value);
    }
    Value::Object(all)
}

proptest! {
    #[test]
    fn trees_are_merged_name_by_name(trees in proptest::collection::vec(trees(), 1..4), slice in 1..300_usize) {
        let texts: Vec<String> = trees.iter().map(Value::to_string).collect();
        let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
        let text = document(&texts);
        let expected = trees.into_iter().rev().reduce(merged);
        for format in [ContentFormat::Json, ContentFormat::Yaml] {
            let mut reader = Format::Parts(PartFormat::Nacos(format)).reader();
            let tree = loop {
                if let Some(tree) = reader.advance(&text, &mut Budget::of(slice)).unwrap() {
                    break tree;
                }
            };
            prop_assert_eq!(Some(&tree), expected.as_ref());
        }
    }
}
