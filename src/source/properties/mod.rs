//! Properties of the config centres' code for any text, any bytes and any document.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::path::PathTemplate;
use super::{Budget, Document, Entry, IncrementalDrop, Index, IndexBuilder, JsonPath, Selection};
use crate::http::{escapes_to_dots, percent_decode, reads_as_dots};

mod files;
mod json;
mod spring;
mod yaml;

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-3..3_i64).prop_map(Value::from),
        "[a-c']{0,2}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-c']{0,2}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Texts that come close to queries.
fn text() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "$",
        "@",
        ".",
        "..",
        "[",
        "]",
        "(",
        ")",
        "*",
        "?",
        "a",
        "é",
        "'",
        "\"",
        "\\",
        "0",
        "-1",
        ":",
        ",",
        " ",
        "==",
        "<",
        "&&",
        "||",
        "!",
        "length",
        "count",
        "match",
        "in",
        "'a'",
        "true",
        "null",
        "1e9",
        "\u{0}",
        "\\u00e9",
        "9007199254740991",
    ]);
    let tokens = prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat());
    prop_oneof![
        tokens.clone(),
        tokens.prop_map(|text| format!("${text}")),
        any::<String>()
    ]
}

/// The result of an index for comparison: an item, none, or ambiguous.
fn said(entry: Entry<'_>) -> Result<Option<&Value>, &'static str> {
    match entry {
        Entry::Found(item) => Ok(item.value()),
        Entry::Missing => Ok(None),
        Entry::Ambiguous => Err("ambiguous"),
    }
}

/// Queries of names and indices.
fn singular() -> impl Strategy<Value = String> {
    let step = prop_oneof![
        "[a-c]".prop_map(|name| format!(".{name}")),
        "[a-c]{0,2}".prop_map(|name| format!("['{name}']")),
        (-4..4_i32).prop_map(|index| format!("[{index}]")),
    ];
    prop::collection::vec(step, 0..4).prop_map(|steps| format!("${}", steps.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_query_panics(text in text(), root in value()) {
        if let Ok(query) = JsonPath::compile(&text) {
            prop_assert_eq!(query.to_string(), text);
            let _ = query.select(&root);
        }
    }

    #[test]
    fn names_and_indices_select_at_most_one_value(path in singular(), root in value()) {
        let query = JsonPath::compile(&path).unwrap();
        prop_assert!(!matches!(query.select(&root), Selection::Many(_)));
    }

    #[test]
    fn each_plan_of_a_query_selects_the_same(
        path in singular(),
        last in prop::sample::select(vec!["", "[*]", ".*"]),
        root in value(),
    ) {
        let select = |path: &str| {
            let selected = JsonPath::compile(path).unwrap().select(&root).into_vec();
            selected.into_iter().cloned().collect::<Vec<_>>()
        };
        let quick = select(&format!("{path}{last}"));
        let twice = [quick.clone(), quick].concat();
        if last.is_empty() {
            // The root itself is the document: selected values stand below it.
            let inner = path.strip_prefix('$').unwrap();
            let below = json!({"r": root});
            let general = JsonPath::compile(&format!("$['r','r']{inner}")).unwrap();
            let general = general.select(&below).into_vec();
            prop_assert_eq!(general, twice.iter().collect::<Vec<_>>(), "{}", path);
        } else {
            prop_assert_eq!(select(&format!("{path}[*,*]")), twice, "{}", path);
        }
    }

    #[test]
    fn an_index_finds_what_a_scan_finds(
        keys in prop::collection::vec(prop_oneof!["[a-d]".prop_map(Value::from), (0..5_u8).prop_map(Value::from), (0..5_u8).prop_map(|whole| Value::from(f64::from(whole))), any::<bool>().prop_map(Value::from), Just(Value::Null)], 0..12),
        texts in prop::collection::vec("[a-d]{0,3}|[a-z]{30,90}", 3),
        items in prop::sample::select(vec!["$.t[*]", "$['t'][0:]", "$..t[*]", "$.t[?@.id != null]"]),
    ) {
        let list: Vec<_> = keys.iter().enumerate().map(|(n, id)| json!({"id": id, "n": n, "s": texts[0], "": texts[1], "u": texts[2]})).collect();
        let document = Document::inline(json!({"t": list}));
        let compile = |text| JsonPath::compile(text).unwrap();
        let index = Index::build(&document, &compile(items), &compile("$.id"));
        let mut scan: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
        for item in document.value().pointer("/t").unwrap().as_array().unwrap() {
            match item.get("id") {
                Some(Value::String(id)) => scan.entry(id.clone()).or_default().push(item),
                Some(Value::Number(id)) => scan.entry(id.as_f64().unwrap().to_string()).or_default().push(item),
                _ => {}
            }
        }
        prop_assert_eq!(index.len(), scan.len());
        for key in ["a", "b", "c", "d", "0", "1", "2", "3", "4", "e", "null", "true", "1.0"] {
            let expected = match scan.get(key).map(Vec::as_slice) {
                None => Ok(None),
                Some([item]) => Ok(Some(*item)),
                Some(_) => Err("ambiguous"),
            };
            let found = index.get(key.as_bytes());
            prop_assert_eq!(said(found), expected, "{}", key);
            let Entry::Found(found) = found else { continue };
            for name in ["id", "n", "s", "", "u", "v"] {
                let text = found.text(name);
                let whole = found.value().and_then(|item| item.get(name)?.as_str());
                prop_assert!(text.is_none() || text == whole.map(str::as_bytes), "{}", name);
            }
            // The first name, and so the first text, of one that is no key.
            prop_assert!(texts[1] == key || found.text("") == Some(texts[1].as_bytes()));
        }
    }

    #[test]
    fn a_key_is_escaped_into_the_path_and_decodes_to_itself(key in prop::collection::vec(any::<u8>(), 0..12)) {
        let template = PathTemplate::compile("/a/${key}/b?c").unwrap();
        let Some(path) = template.fill(&key) else {
            let is_dots = |segment: &[u8]| segment.is_empty() || reads_as_dots(segment) || escapes_to_dots(segment);
            let mut segments = key.split(|byte| *byte == b'/');
            prop_assert!(segments.any(is_dots) || key.iter().any(u8::is_ascii_control));
            return Ok(());
        };
        let segment = path.strip_prefix(b"/a/").unwrap().strip_suffix(b"/b?c").unwrap();
        prop_assert!(segment.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(byte)));
        prop_assert_eq!(&*percent_decode(segment), key.as_slice());
    }

    #[test]
    fn an_index_built_in_slices_is_the_whole(root in value(), slice in 1..200_usize) {
        let document = Document::inline(json!({"t": root}));
        let compile = |text| JsonPath::compile(text).unwrap();
        let by = compile("$.a");
        for items in ["$.t[*]", "$..[*]", "$.t"] {
            let items = compile(items);
            let whole = Index::build(&document, &items, &by);
            let mut indexing = IndexBuilder::new(&document, &items);
            while !indexing.advance(&by, &mut Budget::of(slice)) {}
            let sliced = indexing.finish();
            let counts = |index: &Index| (index.len(), index.left_out(), index.ambiguous());
            prop_assert_eq!(counts(&whole), counts(&sliced));
            for key in ["", "a", "b", "c", "'", "1", "-3", "true"] {
                prop_assert_eq!(said(whole.get(key.as_bytes())), said(sliced.get(key.as_bytes())));
            }
        }
    }

    #[test]
    fn values_are_dropped_in_slices(root in value(), slice in 1..9_usize) {
        let mut drops = IncrementalDrop::default();
        drops.add(root);
        for _ in 0..500 {
            drops.advance(&mut Budget::of(slice));
        }
        prop_assert!(drops.is_empty());
    }
}
