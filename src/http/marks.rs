//! What can be told of a name without comparing it.

/// A few bits about some names: whether a name may be among them. Says yes rather than no.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NameFilter(u64);

impl NameFilter {
    /// Of no name.
    pub const NONE: Self = Self(0);

    /// The mark of one name: the same for all its spellings.
    #[must_use]
    pub fn of(name: &[u8]) -> Self {
        Self::at_end(name, 0, name.len())
    }

    /// The mark of the name that begins at `start` in `text` and has this length; of no name that there is where it
    /// doesn't lie inside.
    #[must_use]
    pub(super) fn at_end(text: &[u8], start: usize, length: usize) -> Self {
        let end = start.wrapping_add(length);
        // Two bytes at once. A name of one byte goes by its length: there are hardly any.
        let last = match text.get(end.wrapping_sub(2)..end) {
            Some(&[before, last]) if length >= 2 => u16::from_le_bytes([before, last]),
            _ => 0,
        };
        // The bits that upper and lower case, and `-` and `_`, have in common, of both bytes; mixed with the length.
        let mixed = u32::from(last & 0x0d0d).wrapping_mul(0x0d05) >> 8;
        let number = length.wrapping_add(usize::try_from(mixed).unwrap_or_default());
        Self(1 << (number & 63))
    }

    /// The names of both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether both may have a name in common.
    #[must_use]
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Lengths of names, all below 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LengthSet(u64);

impl LengthSet {
    /// The lengths of these names; one of 64 bytes or more is none.
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

    /// Whether a name of this length may be one of them.
    pub(super) fn has(self, length: usize) -> bool {
        let shift = u32::try_from(length).unwrap_or(u32::MAX);
        self.0.checked_shr(shift).unwrap_or(0) & 1 == 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sanitising is skipped where no mark meets: a spelling with a mark of its own would get through.
    #[test]
    fn all_spellings_of_a_name_have_one_mark() {
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
    fn lengths_of_names() {
        let lengths = LengthSet::of(&[b"host", b":path", &[b'x'; 64]]);
        let found: Vec<usize> = (0..200).filter(|length| lengths.has(*length)).collect();
        assert_eq!(found, [4, 5]);
    }
}
