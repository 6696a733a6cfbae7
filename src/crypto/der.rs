//! The little of DER (X.690) that public keys and signatures need.

/// The tags, each with its class and form.
pub(super) mod tag {
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const NULL: u8 = 0x05;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
}

/// Reads elements one after the other. Lengths must have their shortest form.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    /// The content of the next element, which must have this tag.
    pub(super) fn element(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_first()?;
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        (*first == tag).then_some(content)
    }

    /// The elements of the sequence that comes next.
    pub(super) fn sequence(&mut self) -> Option<Self> {
        self.element(tag::SEQUENCE).map(Self)
    }

    /// The next element, a positive integer, as bytes without leading zeros.
    pub(super) fn positive(&mut self) -> Option<&'a [u8]> {
        match self.element(tag::INTEGER)? {
            [] | [0] | [0x80..=0xff, ..] => None,
            [0, rest @ ..] => rest.first().filter(|byte| **byte >= 0x80).map(|_| rest),
            all => Some(all),
        }
    }

    /// The next element, a bit string of whole bytes.
    pub(super) fn bytes(&mut self) -> Option<&'a [u8]> {
        self.element(tag::BIT_STRING)?.strip_prefix(&[0])
    }

    /// Something, if nothing is left.
    pub(super) fn end(self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// The length at the start, and what follows it.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    match bytes {
        [short @ 0..=0x7f, rest @ ..] => Some((usize::from(*short), rest)),
        [0x81, length @ 0x80..=0xff, rest @ ..] => Some((usize::from(*length), rest)),
        [0x82, high @ 1..=0xff, low, rest @ ..] => {
            Some((usize::from(u16::from_be_bytes([*high, *low])), rest))
        }
        // Keys and signatures are shorter than 64 KiB.
        _ => None,
    }
}

/// An element with this tag, whose content is these parts: less than 64 KiB.
pub(super) fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let length: usize = parts.iter().map(|part| part.len()).sum();
    let [.., high, low] = length.to_be_bytes();
    let mut element = Vec::with_capacity(length.saturating_add(4));
    match (high, low) {
        (0, 0..=0x7f) => element.extend([tag, low]),
        (0, _) => element.extend([tag, 0x81, low]),
        _ => element.extend([tag, 0x82, high, low]),
    }
    for part in parts {
        element.extend_from_slice(part);
    }
    element
}

/// A sequence of these elements.
pub(super) fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(tag::SEQUENCE, elements)
}

/// The integer of these big-endian bytes, in its shortest form.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    match bytes.get(zeros..).unwrap_or_default() {
        // A set highest bit would mean a negative number.
        digits @ ([] | [0x80..=0xff, ..]) => element(tag::INTEGER, &[&[0], digits]),
        digits => element(tag::INTEGER, &[digits]),
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_integers_in_their_shortest_form() {
        for (bytes, wanted) in [
            (&[][..], &[2, 1, 0][..]),
            (&[0, 0], &[2, 1, 0]),
            (&[0, 1], &[2, 1, 1]),
            (&[0x7f, 0], &[2, 2, 0x7f, 0]),
            (&[0, 0x80], &[2, 2, 0, 0x80]),
        ] {
            assert_eq!(integer(bytes), wanted);
        }
    }

    #[test]
    fn refuses_other_forms_of_a_length() {
        for bytes in [
            &[][..],
            &[2],
            &[2, 1],
            &[2, 0x81, 1, 1],
            &[2, 0x81, 0x7f],
            &[2, 0x80, 1, 0, 0],
            &[2, 0x82, 0, 1, 1],
            &[2, 0x83, 0, 0, 1, 1],
            &[3, 1, 1],
        ] {
            assert_eq!(Reader(bytes).element(tag::INTEGER), None, "{bytes:?}");
        }
    }

    #[test]
    fn refuses_integers_that_are_not_positive_or_not_the_shortest() {
        for bytes in [
            &[2, 0][..],
            &[2, 1, 0],
            &[2, 1, 0x80],
            &[2, 2, 0, 0x7f],
            &[2, 2, 0, 0],
        ] {
            assert_eq!(Reader(bytes).positive(), None, "{bytes:?}");
        }
        assert_eq!(Reader(&[2, 2, 0, 0x80]).positive(), Some(&[0x80][..]));
    }

    proptest! {
        #[test]
        fn reads_what_it_writes(content in prop::collection::vec(any::<u8>(), 0..700), rest in any::<[u8; 3]>()) {
            let written = [&*sequence(&[&content]), &rest].concat();
            let mut reader = Reader(&written);
            prop_assert_eq!(reader.sequence().map(|inner| inner.0), Some(&*content));
            prop_assert_eq!(reader.0, rest);
        }

        #[test]
        fn reads_no_other_spelling(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let mut reader = Reader(&bytes);
            if let Some(digits) = reader.positive() {
                let end = bytes.len() - reader.0.len();
                prop_assert_eq!(integer(digits), &bytes[..end]);
            }
        }
    }
}
