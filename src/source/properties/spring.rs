//! Properties of reading an environment of Spring Cloud Config.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::source::{Budget, Document, Format, FormatReader, SourceError, SpringEnvironmentReader};

/// Flat names that get in each other's way.
fn name() -> impl Strategy<Value = String> {
    let part = prop::sample::select(vec![
        "a", "b", ".a", ".b", "[0]", "[1]", "[2]", "[07]", "[a.b]", "[", "]", ".", "é",
    ]);
    prop::collection::vec(part, 0..6).prop_map(|parts| parts.concat())
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (0..9_u8).prop_map(Value::from),
        1 => prop::sample::select(vec![json!("${a}"), json!("{cipher}"), json!(""), json!(null), json!(true)]),
    ]
}

fn source() -> impl Strategy<Value = Value> {
    let file = prop::sample::select(vec!["app.yml", "application.yml"]);
    let properties = prop::collection::btree_map(name(), scalar(), 0..12);
    (file, properties).prop_map(|(name, source)| json!({"name": name, "source": source}))
}

/// An environment, sometimes with something wrong.
fn environment() -> impl Strategy<Value = Value> {
    let odd = prop::sample::select(vec![
        json!(1),
        json!({"source": 1}),
        json!({"source": {"a": {}}}),
    ]);
    let source = prop_oneof![30 => source(), 1 => odd];
    prop::collection::vec(source, 0..5).prop_map(
        |sources| json!({"name": "app", "propertySources": sources, "more": [[1], {"a": 2}]}),
    )
}

fn in_slices(text: &[u8], whole: usize, slice: usize) -> Result<Value, SourceError> {
    let reader = SpringEnvironmentReader::in_pieces(whole);
    let mut reader = FormatReader::SpringEnvironment(reader);
    loop {
        if let Some(value) = reader.advance(text, &mut Budget::of(slice))? {
            return Ok(value);
        }
    }
}

/// Whether there is a value with this flat name, which has only plain parts.
fn has(tree: &Value, name: &str) -> bool {
    let mut parts = name.split('.');
    parts
        .try_fold(tree, |value, part| value.get(part))
        .is_some()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_environment_read_in_slices_is_the_whole(
        environment in environment(),
        whole in 0..200_usize,
        slice in 1..400_usize,
    ) {
        let text = environment.to_string();
        let at_once = Document::parse(text.as_bytes(), usize::MAX, Format::SpringEnvironment);
        let at_once = at_once.map(|document| document.value().clone());
        prop_assert_eq!(in_slices(text.as_bytes(), whole, slice), at_once);
    }

    #[test]
    fn the_first_source_counts_wherever_names_are_plain(
        first in prop::collection::btree_map("[ab](\\.[ab]){0,2}", 0..9_u8, 1..6),
        second in prop::collection::btree_map("[ab](\\.[ab]){0,2}", 10..19_u8, 1..6),
    ) {
        let sources = [("app.yml", &first), ("application.yml", &second)];
        let sources = sources.map(|(name, source)| json!({"name": name, "source": source}));
        let text = json!({"name": "app", "propertySources": sources}).to_string();
        let tree = in_slices(text.as_bytes(), 0, 64).unwrap();
        let place = |name: &str| format!("/{}", name.replace('.', "/"));
        for (name, value) in &first {
            let above = first.keys().any(|other| name.starts_with(&format!("{other}.")));
            let found = tree.pointer(&place(name)) == Some(&Value::from(*value));
            prop_assert_eq!(found, !above, "{} {}", name, tree);
        }
        for name in second.keys() {
            let above = [&first, &second].iter().any(|source| source.keys().any(|other| name.starts_with(&format!("{other}."))));
            prop_assert!(above || has(&tree, name), "{} {}", name, tree);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..60), slice in 1..60_usize) {
        let _ = in_slices(&text, 0, slice);
    }
}
