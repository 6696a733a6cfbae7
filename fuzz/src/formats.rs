//! Documents in the formats that people write.

use postern::internals::source::{Budget, ContentFormat, Document, Format, weight};

/// The first byte selects the size of a slice, and the rest is a document. Reading it in slices gives the same value as reading it at
/// once, or the same error. The error doesn't quote the document, and the value isn't much larger than the text.
fn content(format: ContentFormat, most_per_byte: usize, data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let format = Format::Content(format);
    let mut reader = format.reader();
    let sliced = loop {
        let mut slice = Budget::of(usize::from(choice) * 3 + 1);
        match reader.advance(text, &mut slice) {
            Ok(None) => {}
            Ok(Some(value)) => break Ok(value),
            Err(error) => break Err(error),
        }
    };
    let at_once = Document::parse(text, usize::MAX, format);
    let at_once = at_once.map(|document| document.value().clone());
    assert_eq!(sliced, at_once);
    match sliced {
        Ok(value) => assert!(weight(&value) <= (text.len() + 1) * most_per_byte),
        Err(error) => assert!(error.to_string().is_ascii()),
    }
}

/// A document of properties.
pub fn properties(data: &[u8]) {
    // Each part of a name is a map at most.
    content(ContentFormat::Properties, 800, data);
}

/// A document in YAML.
pub fn yaml(data: &[u8]) {
    content(ContentFormat::Yaml, 800, data);
}
