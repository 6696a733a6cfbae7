//! YAML as documents: values, positions, errors, and what other programs make of the same text.

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::Value as Json;

use super::scalar::Cause;
use super::{DuplicateKey, SyntaxError, YamlDocument, read};

fn json(text: &str) -> Vec<String> {
    let documents = read(text).unwrap();
    documents
        .iter()
        .map(|document| document.root.to_json())
        .collect()
}

/// Numbers are equal by value.
fn is_same(left: &Json, right: &Json) -> bool {
    match (left, right) {
        (Json::Number(left), Json::Number(right)) => {
            left == right
                || left
                    .as_f64()
                    .unwrap()
                    .total_cmp(&right.as_f64().unwrap())
                    .is_eq()
                || (left.as_f64() == Some(0.0) && right.as_f64() == Some(0.0))
        }
        (Json::Array(left), Json::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(l, r)| is_same(l, r))
        }
        (Json::Object(left), Json::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .zip(right)
                    .all(|((name, l), (other, r))| name == other && is_same(l, r))
        }
        _ => left == right,
    }
}

/// Lines of YAML, a tab, and the JSON or the error of sigs.k8s.io/yaml 1.6.0 (go.yaml.in/yaml/v2 2.4.2). A line break is `\n`.
const KUBECTL: &str = include_str!("../../../../tests/golden/yaml/kubectl.tsv");

/// The tool reads a text as kubectl does, or notes that programs differ. What kubectl refuses doesn't reach a gateway.
#[test]
fn never_differs_silently_from_kubectl() {
    let mut differences = Vec::new();
    let lines = KUBECTL.lines().filter(|line| !line.starts_with("##"));
    for line in lines {
        let (text, kubectl) = line.split_once('\t').unwrap();
        let text = text.replace("\\n", "\n");
        let Ok(kubectl) = serde_json::from_str::<Json>(kubectl) else {
            continue;
        };
        let Ok(document) = YamlDocument::only(&text) else {
            continue;
        };
        if document.refuse(&document.root).is_err() {
            continue;
        }
        let parse = |json: &str| serde_json::from_str::<Json>(json).unwrap();
        let own = parse(&document.root.to_json());
        let resource = parse(&document.root.to_json_with(&document.ambiguities));
        // The reader can't tell whether a `?` is within brackets.
        let causes = document.ambiguities.values().map(|one| one.cause);
        let is_ambiguous = causes.clone().any(|cause| cause != Cause::QuestionMark);
        if causes.count() > 0 && !is_ambiguous {
            continue;
        }
        let is_known = document
            .ambiguities
            .values()
            .all(|one| one.kubectl.is_some());
        if (is_known && !is_same(&resource, &kubectl)) || is_ambiguous == is_same(&own, &kubectl) {
            differences.push(format!("{text:?}: {own}, {resource}, kubectl: {kubectl}"));
        }
    }
    assert!(differences.is_empty(), "{differences:#?}");
    assert!(KUBECTL.lines().count() > 250);
}

/// Parts of YAML.
const PARTS: [&str; 48] = [
    "a",
    "b1",
    "é",
    " ",
    " ",
    "  ",
    "\n",
    "\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "- ",
    "-",
    ": ",
    ": ",
    ":",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "'",
    "''",
    "\"",
    "\\",
    "\\n",
    "\\u00e9",
    "#",
    " # c",
    "1",
    "-1",
    "null",
    "~",
    "---",
    "\n---\n",
    "...",
    "&x ",
    "*x",
    "|",
    "|-\n",
    ">",
    ">+\n",
    "?",
    "! ",
    "\t",
    "key: ",
    "x-y.z/${q}",
];

/// kubectl's parser is a translation of libyaml, and so is that of `serde_yaml_ng`.
#[test]
fn never_differs_silently_from_libyaml() {
    let parts = prop::collection::vec(prop::sample::select(&PARTS[..]), 0..14);
    let texts = (parts, 0..3).prop_map(|(parts, outer)| match outer {
        // Blanks after the last line break are left out: libyaml can take them for a part of a block.
        0 => format!("k: {}", parts.concat().trim_end_matches([' ', '\t'])),
        1 => format!("k: [{}]\n", parts.concat()),
        _ => format!("k:\n  - {}\nz: 1\n", parts.concat()),
    });
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::with_cases(20_000), rng);
    let result = runner.run(&texts, |text| {
        let Ok(document) = YamlDocument::only(&text) else {
            return Ok(());
        };
        let other = serde_yaml_ng::from_str::<serde_yaml_ng::Value>(&text).ok();
        let other = other.and_then(|other| serde_json::to_value(&other).ok());
        if let Some(other) = other.filter(|_| document.ambiguities.is_empty()) {
            let own: Json = serde_json::from_str(&document.root.to_json()).unwrap();
            prop_assert!(is_same(&own, &other), "{own} {other}");
        }
        Ok(())
    });
    result.unwrap();
}

#[test]
fn resolves_plain_scalars() {
    for (text, expected) in [
        ("a: 1", r#"{"a":1}"#),
        ("a: -1", r#"{"a":-1}"#),
        ("a: +1", r#"{"a":1}"#),
        (
            "a: 123456789012345678901234567890",
            r#"{"a":123456789012345678901234567890}"#,
        ),
        ("a: 0x1F", r#"{"a":31}"#),
        ("a: 0o17", r#"{"a":15}"#),
        ("a: 1.50", r#"{"a":1.5}"#),
        ("a: 2e2", r#"{"a":200}"#),
        ("a: .5", r#"{"a":0.5}"#),
        ("a: 1e400", r#"{"a":"1e400"}"#),
        ("a: 1.2.3", r#"{"a":"1.2.3"}"#),
        ("a: 12:30", r#"{"a":"12:30"}"#),
        ("a: 2024-01-01", r#"{"a":"2024-01-01"}"#),
        ("a: 1s", r#"{"a":"1s"}"#),
        ("a: -", ""),
        ("a: True", r#"{"a":true}"#),
        ("a: ~", r#"{"a":null}"#),
        ("a:", r#"{"a":null}"#),
        ("a: '1'", r#"{"a":"1"}"#),
        ("a: !!str 1", r#"{"a":"1"}"#),
        ("a: \"\\x41\\n\"", r#"{"a":"A\u000a"}"#),
        ("1: {true: 2}", r#"{"1":{"true":2}}"#),
        ("a: |\n  x\n  y\n", r#"{"a":"x\u000ay\u000a"}"#),
        ("a: >-\n  x\n  y\n", r#"{"a":"x y"}"#),
        ("{a: [1, b, {c: }]}", r#"{"a":[1,"b",{"c":null}]}"#),
    ] {
        match read(text) {
            Ok(documents) => {
                assert_eq!(documents[0].root.to_json(), expected, "{text}");
                assert!(documents[0].ambiguities.is_empty(), "{text}");
            }
            Err(_) => assert_eq!(expected, "", "{text}"),
        }
    }
}

#[test]
fn marks_what_programs_read_differently() {
    for (text, column, expected) in [
        ("a: yes", 4, Cause::Boolean),
        ("a: N", 4, Cause::Boolean),
        ("a: 010", 4, Cause::Number),
        ("a: 08", 4, Cause::Number),
        ("a: 0b11", 4, Cause::Number),
        ("a: -0x1f", 4, Cause::Number),
        ("a: 0XF", 4, Cause::Number),
        ("a: 1_000", 4, Cause::Number),
        ("a: 1_0.5", 4, Cause::Number),
        ("a: -.inf", 4, Cause::NotFinite),
        ("a: .NaN", 4, Cause::NotFinite),
        ("a: !foo 1", 4, Cause::Tag),
        ("a: !!int \"1\"", 4, Cause::Tag),
        ("a: !!set {b}", 4, Cause::Tag),
        ("a: [?b]", 5, Cause::QuestionMark),
        ("a: {?b}", 5, Cause::QuestionMark),
        ("on: 1", 1, Cause::Boolean),
        ("010: 1", 1, Cause::Number),
        ("1.0: 1", 1, Cause::Key),
        ("null: 1", 1, Cause::Key),
        ("True: 1", 1, Cause::Key),
        ("a: {<<: {b: 1}}", 5, Cause::MergeKey),
    ] {
        let document = YamlDocument::only(text).unwrap();
        let found: Vec<_> = document
            .ambiguities
            .iter()
            .map(|(at, ambiguity)| (at.line, at.column, ambiguity.cause))
            .collect();
        assert!(found.contains(&(1, column, expected)), "{text}: {found:?}");
        let refused = document.refuse(&document.root).is_err();
        assert_eq!(refused, expected.is_refused(), "{text}");
    }
    for text in [
        "a: 'yes'",
        "a: \"010\"",
        "a: |\n  yes\n",
        "a: !!str no",
        "\"on\": 1",
    ] {
        let document = YamlDocument::only(text).unwrap();
        assert!(document.ambiguities.is_empty(), "{text}");
    }
}

#[test]
fn finds_ambiguities_within_a_part_of_a_document() {
    let text = "other: yes\npolicy:\n  - on: 1\n    a b: {c: 010}\n";
    let document = YamlDocument::only(text).unwrap();
    let policy = document.root.field(&["policy"]).unwrap();
    let found = document.ambiguities_in(policy);
    let found: Vec<_> = found
        .iter()
        .map(|(at, (path, _))| (at.line, at.column, &**path))
        .collect();
    assert_eq!(found, [(3, 5, "[0].on"), (4, 14, "[0]['a b'].c")]);
}

#[test]
fn reads_a_kubernetes_resource_as_kubectl_does() {
    let text =
        "apiVersion: v1\nkind: K\nspec: {on: [0b11, 'yes', &x 010], a: *x, b: yes, 1.50: c}\n";
    let document = YamlDocument::only(text).unwrap();
    let spec = document.root.field(&["spec"]).unwrap();
    let expected = r#"{"true":[3,"yes",8],"a":8,"b":true,"1.5":"c"}"#;
    assert_eq!(document.to_json(spec), expected);
    let alone = YamlDocument::only("spec: {on: [0b11]}").unwrap();
    assert_eq!(alone.to_json(&alone.root), r#"{"spec":{"on":["0b11"]}}"#);
}

#[test]
fn reads_several_documents_and_aliases() {
    let text = "a: &x [1]\nb: *x\n---\n---\n# empty\n---\nc: 2\n";
    assert_eq!(json(text), [r#"{"a":[1],"b":[1]}"#, r#"{"c":2}"#]);
    assert!(json("~").is_empty() && json("").is_empty());
}

#[test]
fn refuses_what_is_not_yaml() {
    let deep = "[".repeat(100_000);
    let indented = "- ".repeat(100_000);
    let bomb = {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let last = level - 1;
            let list = vec![format!("*a{last}"); 10].join(", ");
            text.push_str(&format!("a{level}: &a{level} [{list}]\n"));
        }
        text
    };
    for text in [
        "a: [",
        "a: b: c",
        "*x",
        "a: &x [*x]",
        "\t- a: {",
        &deep,
        &indented,
        &bomb,
        "? [a]\n: b",
        "a: \"\\q\"",
    ] {
        assert!(read(text).is_err(), "{text:.40}");
    }
    assert_eq!(read("a: 1\nb: [\n").unwrap_err().at.line, 3);
}

#[test]
fn refuses_duplicate_keys_and_several_documents_where_one_is_expected() {
    let error = |text: &str| YamlDocument::only(text).unwrap_err().to_string();
    assert_eq!(error("a: 1\nb: [{c: 1, 'c': 2}]\n"), "2:12: duplicate key");
    assert_eq!(error("a: 1\n---\nb: 2\n"), "1:1: expected one document");
    assert_eq!(error(""), "1:1: expected one document");
    let json = YamlDocument::only(r#"{"a": 1, "\u0061": 2}"#).unwrap_err();
    assert_eq!((json.at.line, json.at.column), (1, 10));
}

#[test]
fn reads_json_with_pairs_of_escapes() {
    let text = r#"{"a": "\ud83d\ude00", "b": 1}"#;
    assert_eq!(json(text), ["{\"a\":\"\u{1f600}\",\"b\":1}"]);
    let SyntaxError { at, .. } = read("{\"a\": \"\\ud83d\\ude00\", b}").unwrap_err();
    assert_eq!(at.line, 1);
}

#[test]
fn knows_positions() {
    let text = "a: 1\nroutes:\n  - name: x\n    'b c': [1, {é: 2}]\n    z: {a: 1, a: 2}\nl:\n- 1\n";
    let document = &read(text).unwrap()[0];
    for (path, line, column) in [
        ("", 1, 1),
        ("routes", 2, 1),
        ("routes[0]", 3, 5),
        ("routes[0].name", 3, 5),
        ("routes[0].missing", 3, 5),
        ("routes[0]['b c']", 4, 5),
        ("routes[0]['b c'][1]", 4, 16),
        ("routes[0]['b c'][1]['é']", 4, 17),
        ("routes[0].z.a", 5, 15),
        ("routes[7]", 2, 1),
        ("l[0]", 7, 3),
    ] {
        let found = document.root.locate(path, DuplicateKey::Last);
        assert_eq!((found.line, found.column), (line, column), "{path}");
    }
}
