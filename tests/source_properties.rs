//! Properties of the config centres' code for any text, any bytes and any document.

use std::collections::HashMap;

use postern::http::{Endpoint, escapes_to_dots, percent_decode, reads_as_dots};
use postern::internals::source::{
    Arguments, Budget, Document, Entry, Envelope, Format, FormatReader, IncrementalDrop, Index,
    IndexBuilder, Item, Items, JsonPath, JsonReader, Lease, RequestTemplate, Selection,
    SourceError, Version, read_item,
};
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

/// JSON as text: blanks, escapes, members of one name.
fn json_text() -> impl Strategy<Value = String> {
    let blank = prop::sample::select(vec!["", "", " ", "\n\t"]);
    let leaf = prop::sample::select(vec![
        "null",
        "true",
        "-1.5e3",
        "7",
        "\"\"",
        "\"a\"",
        "\"\\\"]\"",
        "\"\\u00e9,\"",
        "\"}\\\\\"",
        "[]",
        "{}",
    ]);
    let leaf = leaf.prop_map(str::to_owned);
    let value = leaf.prop_recursive(4, 60, 5, move |inner| {
        let key = prop::sample::select(vec!["a", "b", "c", "\\u0061", "c]"]);
        let member = (key, blank.clone(), inner.clone(), blank.clone());
        let member = member.prop_map(|(key, before, value, after)| {
            format!("{before}\"{key}\"{after}:{before}{value}{after}")
        });
        let element = (inner, blank.clone()).prop_map(|(value, after)| format!("{value}{after}"));
        prop_oneof![
            (prop::collection::vec(element, 0..5), blank.clone())
                .prop_map(|(list, blank)| format!("[{blank}{}]", list.join(","))),
            (prop::collection::vec(member, 0..5), blank.clone())
                .prop_map(|(list, blank)| format!("{{{blank}{}}}", list.join(","))),
        ]
    });
    value.boxed()
}

/// The same, with a piece cut out or something inserted.
fn nearly_json() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(vec![
        &b""[..],
        b"[",
        b"]",
        b"{",
        b"}",
        b",",
        b":",
        b"\"",
        b"\\",
        b"1",
        b" ",
        b"\xff",
        b"\0",
        b"nul",
        b"1e999",
        b"\"a\":",
    ]);
    (json_text(), any::<prop::sample::Index>(), 0..4_usize, piece).prop_map(
        |(text, at, cut, piece)| {
            let mut text = text.into_bytes();
            let at = at.index(text.len());
            let end = text.len().min(at.saturating_add(cut));
            text.splice(at..end, piece.iter().copied());
            text
        },
    )
}

/// What may stand before a text: nothing, or a byte order mark.
fn mark() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", "\u{feff}"])
}

/// Reads a text in slices.
fn in_slices(text: &[u8], whole: usize, slice: usize) -> Result<Value, SourceError> {
    let mut tree = FormatReader::Json(JsonReader::in_pieces(whole));
    loop {
        if let Some(value) = tree.advance(text, &mut Budget::of(slice))? {
            return Ok(value);
        }
    }
}

/// What `items` selects, read from the text; `None` where it can't be read so.
fn off_the_text(
    text: &[u8],
    items: &JsonPath,
    (whole, slice): (usize, usize),
) -> Result<Option<(Vec<Value>, bool)>, SourceError> {
    let Some(mut items) = Items::in_pieces(items, whole) else {
        return Ok(None);
    };
    let mut found = Vec::new();
    loop {
        match items.next(text, &mut Budget::of(slice))? {
            None => {}
            Some(Item::Begins(at)) => {
                let range = items.text(text, usize::MAX)?.unwrap_or_default();
                assert_eq!(range.start, at);
                found.push(read_item(text, range)?);
            }
            Some(Item::Forget) => found.clear(),
            Some(Item::Unordered) => return Ok(None),
            Some(Item::End(reached)) => return Ok(Some((found, reached))),
        }
    }
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
            let selected = query.select(&root);
            let is_one = !matches!(selected, Selection::Many(_));
            prop_assert!(!query.is_singular() || is_one);
        }
    }

    #[test]
    fn the_quick_way_selects_what_the_general_one_selects(
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
        let mut scan: HashMap<String, Vec<&Value>> = HashMap::new();
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
    fn a_key_fills_its_place_and_comes_back(key in prop::collection::vec(any::<u8>(), 0..12)) {
        let template = RequestTemplate::new(Endpoint::new("c", "c"), "/a/${key}/b?c", Format::Json).unwrap();
        let Ok(callout) = template.fill(&Arguments::path(&key), &Version::default()) else {
            let is_dots = |segment: &[u8]| segment.is_empty() || reads_as_dots(segment) || escapes_to_dots(segment);
            let mut segments = key.split(|byte| *byte == b'/');
            prop_assert!(segments.any(is_dots) || key.iter().any(u8::is_ascii_control));
            return Ok(());
        };
        let (_, path) = callout.headers.iter().find(|(name, _)| **name == *b":path").unwrap();
        let segment = path.strip_prefix(b"/a/").unwrap().strip_suffix(b"/b?c").unwrap();
        prop_assert!(segment.iter().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%/".contains(byte)));
        prop_assert_eq!(&*percent_decode(segment), key.as_slice());
    }

    #[test]
    fn no_bytes_on_the_board_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), magic in 0..3_u8) {
        let magic: &[u8] = match magic {
            0 => b"",
            1 => b"pstrnD\0\x03",
            _ => b"pstrnL\0\x01",
        };
        let wire = [magic, &bytes].concat();
        if let Ok(envelope) = Envelope::decode(&wire) {
            prop_assert_eq!(envelope.encode(), wire.clone());
        }
        if let Some(lease) = Lease::decode(&wire) {
            prop_assert_eq!(lease.encode(), wire);
        }
    }

    #[test]
    fn a_document_read_in_slices_is_the_whole(
        text in prop_oneof![json_text().prop_map(String::into_bytes), nearly_json()],
        mark in mark(),
        whole in 0..40_usize,
        slice in 1..60_usize,
    ) {
        let at_once = serde_json::from_slice::<Value>(&text);
        let sliced = in_slices(&[mark.as_bytes(), &text].concat(), whole, slice);
        match (at_once, sliced) {
            (Ok(at_once), Ok(sliced)) => prop_assert_eq!(at_once, sliced),
            (Err(_), Err(SourceError::Malformed(_))) => {}
            (at_once, sliced) => prop_assert!(false, "{:?} {:?}", at_once, sliced),
        }
    }

    #[test]
    fn items_off_the_text_are_what_the_query_selects(
        text in prop_oneof![json_text().prop_map(String::into_bytes), nearly_json()],
        path in prop::sample::select(vec!["$[*]", "$.a[*]", "$.a.b[*]", "$[1][*]", "$.a[0].c[*]", "$['c]'][*]", "$.a[-1][*]"]),
        mark in mark(),
        whole in 0..40_usize,
        slice in 1..60_usize,
    ) {
        let query = JsonPath::compile(path).unwrap();
        let at_once = serde_json::from_slice::<Value>(&text);
        let marked = [mark.as_bytes(), &text].concat();
        match (at_once, off_the_text(&marked, &query, (whole, slice))) {
            (Ok(value), Ok(Some((items, reached)))) => {
                let selected: Vec<Value> = query.select(&value).into_vec().into_iter().cloned().collect();
                prop_assert_eq!(items, selected);
                prop_assert_eq!(reached, query.reaches(&value));
            }
            // Members of an object, or an index from the end: then the whole document is read.
            (_, Ok(None)) | (Err(_), Err(SourceError::Malformed(_))) => {}
            (value, items) => prop_assert!(false, "{:?} {:?}", value, items),
        }
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
    fn what_is_left_ends_in_slices(root in value(), slice in 1..9_usize) {
        let mut remains = IncrementalDrop::default();
        remains.add(root);
        for _ in 0..500 {
            remains.advance(&mut Budget::of(slice));
        }
        prop_assert!(remains.is_empty());
    }
}

/// Arrays and objects of the deepest nesting that the library accepts, and one level deeper.
#[test]
fn depth_in_slices() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for (depth, is_good) in [(126, true), (127, true), (128, false), (5000, false)] {
            let text = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            let text = text.as_bytes();
            assert_eq!(serde_json::from_slice::<Value>(text).is_ok(), is_good);
            for whole in [0, 10, 100, 200, 700, 100_000] {
                let sliced = in_slices(text, whole, 64);
                assert_eq!(sliced.is_ok(), is_good, "{depth} {whole}");
            }
        }
    }
}

/// An error never quotes the document, wherever the mistake is.
#[test]
fn an_error_in_a_slice_does_not_quote_the_document() {
    let text = br#"{"hunter1": ["hunter2", {"hunter3": "hunter4"}], "hunter5": "hunter6"}"#;
    for end in 0..text.len() {
        for whole in [0, 20, 1000] {
            let error = in_slices(&text[..end], whole, 7).unwrap_err().to_string();
            assert!(!error.contains("hunter"), "{error}");
        }
    }
}
