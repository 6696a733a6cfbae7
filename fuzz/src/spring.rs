//! Answers of Spring Cloud Config.

use postern::internals::source::{
    Budget, Document, Format, FormatReader, SpringEnvironmentReader, weight,
};

/// The first byte selects the size of a slice, and the rest is a server's answer. Reading it in slices gives the same tree as reading
/// it at once, or both refuse it. The tree isn't much larger than the text.
pub fn spring_environment(data: &[u8]) {
    let Some((&choice, text)) = data.split_first() else {
        return;
    };
    let reader = SpringEnvironmentReader::in_pieces(usize::from(choice >> 4) * 3);
    let mut reader = FormatReader::SpringEnvironment(reader);
    let sliced = loop {
        let mut slice = Budget::of(usize::from(choice & 15) * 20 + 1);
        match reader.advance(text, &mut slice) {
            Ok(None) => {}
            Ok(Some(value)) => break Some(value),
            Err(_) => break None,
        }
    };
    let at_once = Document::parse(text, usize::MAX, Format::SpringEnvironment);
    let at_once = at_once.as_ref().ok().map(|document| document.value());
    assert_eq!(sliced.as_ref(), at_once);
    // Each part of a name is a map at most: 600 bytes.
    let most = text.len() * 600 + 600;
    assert!(sliced.is_none_or(|tree| weight(&tree) <= most));
}
