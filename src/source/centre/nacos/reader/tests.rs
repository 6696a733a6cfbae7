use super::*;
use proptest::prelude::*;
use serde_json::json;

fn in_slices(text: &[u8], slice: usize) -> Result<Value, SourceError> {
    let mut reader = NacosReader::from(None);
    assert_eq!(format!("{reader:?}"), "NacosReader { .. }");
    loop {
        if let Some(value) = reader.advance(text, &mut Budget::of(slice))? {
            return Ok(value);
        }
    }
}

#[test]
fn reads_both_forms() {
    for (text, value) in [
        (&b"=json\n{\"limit\":5}"[..], json!({"limit": 5})),
        (b"=\n7", json!(7)),
        (b"\"json\n{\\\"limit\\\":5}", json!({"limit": 5})),
        (
            b"\"\n\\\"a\\u00e9\\ud83d\\ude00\\u0041b\\\"",
            json!("a\u{e9}\u{1f600}Ab"),
        ),
        (b"\"\n[\\n\\t\\r1\\u0020]", json!([1])),
        (b"\"\n\\\"\\\\\\/\\\"", json!("/")),
    ] {
        for slice in [1, 3, 1000] {
            assert_eq!(in_slices(text, slice), Ok(value.clone()), "{text:?}");
        }
    }
}

#[test]
fn the_policy_says_the_format_or_else_the_server() {
    let text = Some(ContentFormat::Text);
    for (format, document, value) in [
        (text, "=json\n[1]", json!("[1]")),
        (text, "\"json\n[\\\"a\\\"]", json!("[\"a\"]")),
        (None, "=text\n[1]", json!([1])),
        (None, "=xml\n[1]", json!([1])),
        (Some(ContentFormat::Json), "=text\n[1]", json!([1])),
    ] {
        let value_read = NacosReader::from(format).parse(document.as_bytes());
        assert_eq!(value_read, Ok(value), "{document}");
    }
}

#[test]
fn refuses_what_is_none_of_them() {
    for text in [
        &b""[..],
        b"{}",
        b"=json",
        b"\"json\n",
        b"\"\n{}\"",
        b"\"\n[1]\\",
        b"\"\n[1]\\x",
        b"\"\n\\\"\\ud83d\\\"",
        b"\"\n\\\"\\ude00\\\"",
        b"\"\n\\\"\\u00g0\\\"",
        b"\"\n\\\"\\u+041\\\"",
        b"\"\n[1\n]",
        b"\"\n\\\"\xff\\\"",
        b"=\n\"\xff\"",
    ] {
        let error = in_slices(text, 7).unwrap_err();
        assert!(
            matches!(error, SourceError::Malformed(_)),
            "{text:?} {error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// The content in slices, plain and as a text in JSON, is the content at once.
    #[test]
    fn a_content_in_slices_is_the_whole(
        text in any::<String>(),
        list in prop::collection::vec(any::<char>(), 0..20),
        slice in 1..50_usize,
    ) {
        let list: Vec<String> = list.into_iter().map(String::from).collect();
        let value = json!({"text": text, "list": list});
        let plain = value.to_string();
        let quoted = json!(plain).to_string();
        let escaped: String = plain.encode_utf16().map(|unit| format!("\\u{unit:04X}")).collect();
        let inside = quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap();
        for (form, content) in [("=", plain.as_str()), ("\"", inside), ("\"", escaped.as_str())] {
            let text = format!("{form}json\n{content}");
            prop_assert_eq!(in_slices(text.as_bytes(), slice), Ok(value.clone()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(text in prop::collection::vec(any::<u8>(), 0..40), slice in 1..50_usize) {
        let text = [b"\"\n", &text[..]].concat();
        let library = [b"\"", text.get(2..).unwrap(), b"\""].concat();
        let library = serde_json::from_slice::<String>(&library).ok();
        let library = library.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        prop_assert_eq!(in_slices(&text, slice).ok(), library);
    }
}
