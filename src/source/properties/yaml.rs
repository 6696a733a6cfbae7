//! Properties of reading YAML.

use proptest::prelude::*;
use serde_json::Value;

use crate::source::{Budget, ContentFormat, Document, Format, SourceError};

const YAML: Format = Format::Content(ContentFormat::Yaml);

/// Values with texts that need quotes.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-c:#,'\"\\[{\\-?!&*|> \n\té]{0,8}",
        prop::sample::select(vec![
            "no",
            "010",
            "~",
            "null",
            "1e3",
            "0x1",
            "<<",
            "- a",
            "a: b",
            "=",
            "2026-01-02"
        ])
        .prop_map(str::to_owned),
    ];
    // Other programs write `?` before a key of several lines, and no quotes around `<<`.
    let key = text
        .clone()
        .prop_map(|key| key.replace('\n', "").replace("<<", "<"));
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1000..1000_i32).prop_map(|number| Value::from(f64::from(number) / 8.0)),
        text.clone().prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..5)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Texts that come close to YAML.
fn nearly_yaml() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a", "b", "c", " ", " ", " ", "  ", "\n", "\n", "\n", "\n  ", "\n    ", "- ", "- ", "-",
        ": ", ": ", ":", "\n- ", "\na: ", "\nb:\n  ", "\n  c: ", "[", "]", "{", "}", ", ", ",",
        "'", "\"", "''", "\\n", "\\\n", "|", ">", "|-", ">+", "|2", "\n\n", "#", " # c", "---",
        "\n---\n", "...", "? ", "!", "&a ", "*a", "%", "\t", "é", "@", "<<: ", "~", "\u{85}",
        "\u{2028}", "\u{2029}",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat())
}

fn read(text: &str) -> Result<Value, SourceError> {
    let document = Document::parse(text.as_bytes(), usize::MAX, YAML)?;
    Ok(document.value().clone())
}

fn in_slices(text: &str, slice: usize) -> Result<Value, SourceError> {
    let mut reader = YAML.reader();
    loop {
        if let Some(value) = reader.advance(text.as_bytes(), &mut Budget::of(slice))? {
            return Ok(value);
        }
    }
}

/// What another reader makes of it.
fn reference(text: &str) -> Option<Value> {
    serde_yaml_ng::from_str(text).ok()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_another_program_writes_is_read(value in value()) {
        let value = Value::Array(vec![value]);
        let text = serde_yaml_ng::to_string(&value).unwrap();
        prop_assert_eq!(read(&text), Ok(value), "{}", text);
    }

    /// JSON is a part of YAML.
    #[test]
    fn json_is_read(value in value()) {
        prop_assert_eq!(read(&value.to_string()), Ok(value.clone()));
        prop_assert_eq!(read(&format!("{value:#}")), Ok(value));
    }

    /// What is accepted means the same to another reader.
    #[test]
    fn another_reader_agrees(text in nearly_yaml()) {
        if let (Ok(value), Some(other)) = (read(&text), reference(&text)) {
            prop_assert!(value == other, "{:?}: {} {}", text, value, other);
        }
    }

    #[test]
    fn yaml_in_slices_is_the_whole(text in nearly_yaml(), slice in 1..400_usize) {
        prop_assert_eq!(in_slices(&text, slice), read(&text));
    }
}
