//! Filters for header names: they answer many lookups without comparing names.

/// A Bloom filter of 64 bits over header names. False positives are possible, false negatives are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameFilter(u64);

impl NameFilter {
    /// The filter of no names.
    pub const NONE: Self = Self(0);

    /// The filter of one name. All spellings of a name have the same filter.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        Self::at_end(name, 0, name.len())
    }

    /// The filter of the name that begins at `start` in `text` and has this length. Where the name doesn't lie inside of
    /// `text`, the filter is that of no existing name.
    #[must_use]
    pub(super) fn at_end(text: &[u8], start: usize, length: usize) -> Self {
        let end = start.wrapping_add(length);
        // Reads two bytes at once. Of a name of one byte, which is rare, only the length counts.
        let last = match text.get(end.wrapping_sub(2)..end) {
            Some(&[before, last]) if length >= 2 => u16::from_le_bytes([before, last]),
            _ => 0,
        };
        // The bits that upper and lower case, and `-` and `_`, have in common, for both bytes, mixed with the length.
        let mixed = u32::from(last & 0x0d0d).wrapping_mul(0x0d05) >> 8;
        let number = length.wrapping_add(usize::try_from(mixed).unwrap_or_default());
        Self(1 << (number & 63))
    }

    /// The filter of the names of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both may have a common name.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A set of name lengths below 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthSet(u64);

impl LengthSet {
    /// The lengths of these names. A name of 64 bytes or more adds nothing.
    #[must_use]
    pub const fn of(names: &[&[u8]]) -> Self {
        let (mut lengths, mut rest) = (0_u64, names);
        while let [name, others @ ..] = rest {
            if name.len() < 64 {
                lengths |= 1 << name.len();
            }
            rest = others;
        }
        Self(lengths)
    }

    /// Whether a name of this length may be one of the names.
    pub(super) fn has(self, length: usize) -> bool {
        let shift = u32::try_from(length).unwrap_or(u32::MAX);
        self.0.checked_shr(shift).unwrap_or(0) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sanitising skips names that the filter excludes, so a spelling with another filter would pass unnoticed.
    #[test]
    fn all_spellings_of_a_name_have_the_same_filter() {
        for first in b'a'..=b'z' {
            for last in [b'a', b'k', b'z', b'-'] {
                let name = [b'x', b'-', first, last];
                let other = name.map(|byte| match byte {
                    b'-' => b'_',
                    _ => byte.to_ascii_uppercase(),
                });
                assert_eq!(NameFilter::of(&name), NameFilter::of(&other));
            }
        }
        assert!(!NameFilter::of(b"x-a").meet(NameFilter::NONE));
    }

    #[test]
    fn tells_names_apart_by_length() {
        let lengths = LengthSet::of(&[b"host", b":path", &[b'x'; 64]]);
        let found: Vec<usize> = (0..200).filter(|length| lengths.has(*length)).collect();
        assert_eq!(found, [4, 5]);
    }
}
