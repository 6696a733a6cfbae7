//! What holds for any text, any bytes and any document that comes to the config centres' code.

use std::collections::HashMap;

use jsonpath_rust::JsonPath as _;
use postern::http::percent_decode;
use postern::source::{
    Document, Entry, Envelope, Hash, HttpSource, Index, JsonPath, Lease, Selection, Validator,
};
use postern::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

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
            let selected = query.select(&root);
            let is_one = !matches!(selected, Selection::Many(_));
            prop_assert!(!query.is_singular() || is_one);
        }
    }

    #[test]
    fn the_quick_way_selects_what_the_library_selects(
        path in singular(),
        last in prop::sample::select(vec!["", "[*]", ".*", "[0:2]", "[?@ == 1]"]),
        root in value(),
    ) {
        let path = format!("{path}{last}");
        let quick = JsonPath::compile(&path).unwrap().select(&root).into_vec();
        prop_assert_eq!(quick, root.query(&path).unwrap(), "{}", path);
    }

    #[test]
    fn an_index_finds_what_a_scan_finds(
        keys in prop::collection::vec(prop_oneof!["[a-d]".prop_map(Value::from), (0..5_u8).prop_map(Value::from), Just(Value::Null)], 0..12),
        items in prop::sample::select(vec!["$.t[*]", "$['t'][0:]", "$..t[*]", "$.t[?@.id != null]"]),
    ) {
        let list: Vec<_> = keys.iter().enumerate().map(|(n, id)| json!({"id": id, "n": n})).collect();
        let document = Document::inline(json!({"t": list}));
        let compile = |text| JsonPath::compile(text).unwrap();
        let index = Index::build(&document, &compile(items), &compile("$.id"));
        let mut scan: HashMap<String, Vec<&Value>> = HashMap::new();
        for item in document.value().pointer("/t").unwrap().as_array().unwrap() {
            match item.get("id") {
                Some(Value::String(id)) => scan.entry(id.clone()).or_default().push(item),
                Some(Value::Number(id)) => scan.entry(id.to_string()).or_default().push(item),
                _ => {}
            }
        }
        prop_assert_eq!(index.len(), scan.len());
        for key in ["a", "b", "c", "d", "0", "1", "2", "3", "4", "e", "null"] {
            let expected = match scan.get(key).map(Vec::as_slice) {
                None => Entry::Missing,
                Some([item]) => Entry::Found(item),
                Some(_) => Entry::Ambiguous,
            };
            prop_assert_eq!(index.get(key.as_bytes()), expected, "{}", key);
        }
    }

    #[test]
    fn a_key_is_one_segment_and_comes_back(key in prop::collection::vec(any::<u8>(), 0..12)) {
        let source = HttpSource::new("c", "c", "/a/${key}/b?c").unwrap();
        let Some(callout) = source.demand(&key, &Validator::default()) else {
            let is_dots = matches!(key.as_slice(), b"" | b"." | b"..");
            prop_assert!(is_dots || key.iter().any(u8::is_ascii_control));
            return Ok(());
        };
        let (_, path) = callout.headers.iter().find(|(name, _)| **name == *b":path").unwrap();
        let segment = path.strip_prefix(b"/a/").unwrap().strip_suffix(b"/b?c").unwrap();
        prop_assert!(segment.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(byte)));
        prop_assert_eq!(&*percent_decode(segment), key.as_slice());
    }

    #[test]
    fn no_bytes_on_the_board_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0..3_u8) {
        let magic: &[u8] = match magic {
            0 => b"",
            1 => b"pstrnD\0\x01",
            _ => b"pstrnL\0\x01",
        };
        let wire = [magic, &bytes].concat();
        if let Ok(envelope) = Envelope::decode(&wire) {
            prop_assert_eq!(Hash::of(envelope.body), envelope.hash);
        }
        if let Some(lease) = Lease::decode(&wire) {
            prop_assert_eq!(lease.encode(), wire);
        }
    }

    #[test]
    fn an_envelope_with_a_byte_changed_gives_no_other_document(
        body in prop::collection::vec(any::<u8>(), 0..40),
        etag in prop::collection::vec(any::<u8>(), 1..10),
        at in any::<prop::sample::Index>(),
        flip in 1..=255_u8,
    ) {
        let envelope = Envelope {
            fetched: Timestamp::from_nanos(5),
            hash: Hash::of(&body),
            validator: Validator { etag: Some(etag), last_modified: None },
            body: &body,
        };
        let mut wire = envelope.encode();
        let whole = Envelope::decode(&wire);
        prop_assert_eq!(whole.as_ref(), Ok(&envelope));
        let at = at.index(wire.len());
        if let Some(byte) = wire.get_mut(at) {
            *byte ^= flip;
        }
        if let Ok(changed) = Envelope::decode(&wire) {
            prop_assert_eq!(changed.body, envelope.body);
        }
    }
}
