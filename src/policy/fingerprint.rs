//! Which policy it is, in a number.

use std::fmt;

/// Tells policies apart by the bytes of their config: 48 bits, so that a gauge, which is a double, holds it exactly. It
/// costs next to nothing on large policies, and promises nothing against somebody who looks for two of one fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

impl Fingerprint {
    /// The fingerprint of a config's bytes.
    #[must_use]
    pub fn of(config: &[u8]) -> Self {
        // Odd numbers with bits all over; the fold brings what a multiplication moved up back down.
        let mix = |sum: u64, word: u64| {
            let product = (sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            product ^ (product >> 32)
        };
        let length = u64::try_from(config.len()).unwrap_or(u64::MAX);
        let mut sum = mix(0x2545_f491_4f6c_dd1d, length);
        let mut words = config.chunks_exact(8);
        for word in words.by_ref().filter_map(|word| word.first_chunk()) {
            sum = mix(sum, u64::from_le_bytes(*word));
        }
        let mut last = [0; 8];
        for (to, from) in last.iter_mut().zip(words.remainder()) {
            *to = *from;
        }
        sum = mix(mix(sum, u64::from_le_bytes(last)), 0);
        Self(sum >> 16)
    }

    /// As a gauge shows it.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// Twelve hexadecimal digits.
impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:012x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn small_changes_show() {
        let long = vec![b'a'; 40];
        let mut seen = HashSet::new();
        for place in 0..long.len() {
            for bit in 0..8 {
                let mut changed = long.clone();
                changed[place] ^= 1 << bit;
                assert!(seen.insert(Fingerprint::of(&changed).number()));
            }
            assert!(seen.insert(Fingerprint::of(&long[..place]).number()));
        }
        assert!(seen.iter().all(|number| *number < 1 << 48));
        assert_eq!(Fingerprint(0xab).to_string(), "0000000000ab");
    }
}
