//! Properties of reading JSON in slices.

use proptest::prelude::*;
use serde_json::Value;

use crate::source::{
    Budget, ContentReader, Document, Format, FormatReader, Item, Items, JsonPath, JsonReader,
    SourceError, read_item,
};

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
    let mut tree = FormatReader::Content(ContentReader::Json(JsonReader::in_pieces(whole)));
    loop {
        if let Some(value) = tree.advance(text, &mut Budget::of(slice))? {
            return Ok(value);
        }
    }
}

/// What `items` selects, read from the text; `None` if it can't be read so.
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

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_document_read_in_slices_is_the_whole(
        text in prop_oneof![json_text().prop_map(String::into_bytes), nearly_json()],
        mark in mark(),
        whole in 0..40_usize,
        slice in 1..60_usize,
    ) {
        // Of two members of one name, the library takes the last.
        let lenient = serde_json::from_slice::<Value>(&text);
        let at_once = Document::parse(&text, usize::MAX, Format::JSON);
        let sliced = in_slices(&[mark.as_bytes(), &text].concat(), whole, slice);
        match (at_once, sliced, lenient) {
            (Ok(at_once), Ok(sliced), Ok(lenient)) => {
                prop_assert_eq!(at_once.value(), &sliced);
                prop_assert_eq!(sliced, lenient);
            }
            (Err(error), Err(SourceError::Malformed(sliced)), lenient) => {
                let is_twice = error.to_string().contains("twice") && sliced.contains("twice");
                prop_assert!(lenient.is_err() || is_twice);
            }
            (at_once, sliced, _) => prop_assert!(false, "{:?} {:?}", at_once, sliced),
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
        let has_twice = at_once.is_ok() && Document::parse(&text, usize::MAX, Format::JSON).is_err();
        match (at_once, off_the_text(&marked, &query, (whole, slice))) {
            (Ok(value), Ok(Some((items, reached)))) => {
                let selected: Vec<Value> = query.select(&value).into_vec().into_iter().cloned().collect();
                prop_assert_eq!(items, selected);
                prop_assert_eq!(reached, query.reaches(&value));
            }
            // Members of an object, or an index from the end: then the whole document is read.
            (_, Ok(None)) | (Err(_), Err(SourceError::Malformed(_))) => {}
            (Ok(_), Err(error)) if has_twice => prop_assert!(error.to_string().contains("twice")),
            (value, items) => prop_assert!(false, "{:?} {:?}", value, items),
        }
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
