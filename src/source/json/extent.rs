//! Where a value of a JSON text ends.

/// The longest text of a document, and the longest name or number in it: each is read in one go.
pub(super) const LONGEST: usize = 1 << 20;

/// A value with parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::source) enum Container {
    Array,
    Object,
}

/// Where a value ends.
pub(super) enum Extent {
    /// It ends here.
    Whole {
        /// Behind its last byte.
        end: usize,
        /// How deep it nests; zero for a number.
        deep: usize,
    },
    /// It has parts, and is longer than the limit.
    Longer(Container),
    /// It is a text or a number above the limit.
    TooLong,
}

/// The text up to so many bytes behind `start`.
pub(super) fn window(text: &[u8], start: usize, most: usize) -> &[u8] {
    text.get(..start.saturating_add(most)).unwrap_or(text)
}

/// The end of the value at `start`, unless it is an array or object of more than `whole` bytes.
pub(super) fn extent(text: &[u8], start: usize, whole: usize) -> Option<Extent> {
    let first = *text.get(start)?;
    let kind = match first {
        b'{' => Container::Object,
        b'[' => Container::Array,
        b'"' => {
            let window = window(text, start, LONGEST);
            return match string_end(window, start.saturating_add(1)) {
                Some(end) => Some(Extent::Whole { end, deep: 0 }),
                None if window.len() < text.len() => Some(Extent::TooLong),
                None => None,
            };
        }
        _ => {
            let window = window(text, start, LONGEST);
            let rest = window.get(start..)?;
            let is_end = |byte: &u8| is_blank(*byte) || matches!(byte, b',' | b']' | b'}' | b':');
            let length = match rest.iter().position(is_end) {
                Some(length) => length,
                None if window.len() < text.len() => return Some(Extent::TooLong),
                None => rest.len(),
            };
            let end = start.saturating_add(length);
            return (length > 0).then_some(Extent::Whole { end, deep: 0 });
        }
    };
    // Nothing beyond that is read, not even the rest of a string: arrays around a long string are begun again and
    // again.
    let longest = start.saturating_add(whole);
    let window = window(text, start, whole);
    let behind = (longest <= text.len()).then_some(Extent::Longer(kind));
    let (mut at, mut depth, mut deep) = (start, 0_usize, 0);
    loop {
        let Some(&byte) = window.get(at) else {
            return behind;
        };
        at = at.saturating_add(1);
        match byte {
            b'"' => match string_end(window, at) {
                Some(end) => at = end,
                None => return behind,
            },
            b'{' | b'[' => {
                depth = depth.saturating_add(1);
                deep = deep.max(depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return Some(Extent::Whole { end: at, deep });
                }
            }
            _ => {}
        }
    }
}

/// The end of the string that begins at `at`: behind its closing quote.
pub(super) fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        let rest = text.get(at..)?;
        let length = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
        let after = at.saturating_add(length).saturating_add(1);
        if rest.get(length) == Some(&b'"') {
            return Some(after);
        }
        at = after.saturating_add(1);
    }
}

/// RFC 8259 §2.
pub(super) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array around a string that never ends counts as longer without a search for its end.
    #[test]
    fn arrays_around_a_long_string_are_begun_without_reading_it() {
        let text = format!("[[\"{}", "x".repeat(100));
        for start in 0..2 {
            for whole in 0..100 {
                let extent = extent(text.as_bytes(), start, whole);
                assert!(
                    matches!(extent, Some(Extent::Longer(Container::Array))),
                    "{start} {whole}"
                );
            }
            assert!(extent(text.as_bytes(), start, 200).is_none());
        }
        for (text, end) in [("[\"]\"] ", 5), ("{\"a\":\"\\\"}\"}", 11)] {
            for whole in 0..20 {
                match extent(text.as_bytes(), 0, whole) {
                    Some(Extent::Whole { end: found, .. }) => assert_eq!(found, end, "{whole}"),
                    Some(Extent::Longer(_)) => assert!(whole < end, "{whole}"),
                    Some(Extent::TooLong) => panic!("{whole}"),
                    None => assert!(whole > text.len()),
                }
            }
        }
    }
}
