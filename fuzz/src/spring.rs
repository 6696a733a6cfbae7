//! Answers of Spring Cloud Config.

use postern::internals::source::{
    Budget, Document, Format, FormatReader, SpringEnvironmentReader, SpringMergedReader, weight,
};
use serde_json::Value;

/// The first byte selects the size of a slice, and the rest is a server's answer. Reading it in slices gives the same tree as reading
/// it at once, or both refuse it. The tree isn't much larger than the text.
pub fn spring_environment(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let reader = SpringEnvironmentReader::in_pieces(usize::from(choice >> 4) * 3);
    let reader = FormatReader::SpringEnvironment(reader);
    let sliced = same_in_slices(reader, Format::SpringEnvironment, choice, text);
    // Each part of a name is a map at most: 600 bytes.
    let most = text.len() * 600 + 600;
    assert!(sliced.is_none_or(|tree| weight(&tree) <= most));
}

/// The same for a merged document. It has no more values than the text, and no two names that Spring takes for one.
pub fn spring_merged(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let reader = FormatReader::SpringMerged(SpringMergedReader::default());
    let sliced = same_in_slices(reader, Format::SpringMerged, choice, text);
    let Some(tree) = sliced else { return };
    let written: Value = serde_json::from_slice(text).expect("it was read");
    assert!(weight(&tree) <= weight(&written) * 2);
    // Made once more, it stays.
    let again = Document::parse(
        tree.to_string().as_bytes(),
        usize::MAX,
        Format::SpringMerged,
    );
    assert_eq!(again.expect("it is a map").value(), &tree);
}

/// The value, which is the same in slices and at once.
pub(super) fn same_in_slices(
    mut reader: FormatReader,
    format: Format,
    choice: u8,
    text: &[u8],
) -> Option<Value> {
    let sliced = loop {
        let mut slice = Budget::of(usize::from(choice & 15) * 20 + 1);
        match reader.advance(text, &mut slice) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    let at_once = Document::parse(text, usize::MAX, format);
    let at_once = at_once.as_ref().ok().map(|document| document.value());
    assert_eq!(sliced.as_ref(), at_once);
    sliced
}
