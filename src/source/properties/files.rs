//! Properties of reading Java's properties.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::Value;

use crate::source::{Budget, ContentFormat, Document, Format, SourceError};

const PROPERTIES: Format = Format::Content(ContentFormat::Properties);

fn read(text: &str) -> Result<Value, SourceError> {
    let document = Document::parse(text.as_bytes(), usize::MAX, PROPERTIES)?;
    Ok(document.value().clone())
}

/// A name or a value as `Properties.store` of Java writes it.
fn stored(text: &str, is_name: bool) -> String {
    let mut written = String::new();
    for (at, char) in text.chars().enumerate() {
        match char {
            ' ' if is_name || at == 0 => written.push_str("\\ "),
            '\t' => written.push_str("\\t"),
            '\n' => written.push_str("\\n"),
            '\r' => written.push_str("\\r"),
            '\u{c}' => written.push_str("\\f"),
            '=' | ':' | '#' | '!' | '\\' => {
                written.push('\\');
                written.push(char);
            }
            ' '..='~' => written.push(char),
            _ => {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    written.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    written
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_java_stores_is_read(
        properties in prop::collection::btree_map("[a-c =:#!\\\\\t\n\r\u{c}é😀]{1,6}", "[a-c =:#!\\\\\t\n\r\u{c}é😀\u{0}]{0,9}", 1..8),
    ) {
        let lines = properties.iter().map(|(name, value)| format!("{}={}\n", stored(name, true), stored(value, false)));
        let text: String = ["#Mon Nov 30 13:00:00 UTC 2026\n".to_owned()].into_iter().chain(lines).collect();
        let read = read(&text).unwrap();
        let read: BTreeMap<String, String> = serde_json::from_value(read).unwrap();
        prop_assert_eq!(read, properties, "{}", text);
    }

    #[test]
    fn properties_in_slices_are_the_whole(
        parts in prop::collection::vec(prop::sample::select(vec!["a", "b", ".", "[0]", "[1]", "=", ":", " ", "\n", "\n", "\\", "\\u0041", "#", "é"]), 0..24),
        slice in 1..400_usize,
    ) {
        let text = parts.concat();
        let mut reader = PROPERTIES.reader();
        let sliced = loop {
            match reader.advance(text.as_bytes(), &mut Budget::of(slice)) {
                Ok(None) => {}
                Ok(Some(value)) => break Ok(value),
                Err(error) => break Err(error),
            }
        };
        prop_assert_eq!(sliced, read(&text));
    }
}
