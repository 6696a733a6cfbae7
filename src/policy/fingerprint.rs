//! The fingerprint of a policy.

use std::fmt;

use crate::config::{Chunks, ConfigErrors};

/// A hash of the bytes of a config: 48 bits, so that a gauge, which is a double, represents it exactly. It is fast on large
/// policies. It isn't cryptographic: collisions can be constructed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint(u64);

/// The size of a chunk in bytes, a multiple of the word size.
const PIECE: usize = 16 * 1024;

impl Fingerprint {
    /// The fingerprint of a config's bytes.
    #[must_use]
    pub fn of(config: &[u8]) -> Self {
        let mut sum = Sum::begin(config.len());
        sum.add(config);
        sum.end()
    }

    /// The same, of bytes that are read in chunks.
    ///
    /// # Errors
    /// The reason why the config can't be read.
    pub fn read(config: &dyn Chunks) -> Result<Self, ConfigErrors> {
        let mut sum = Sum::begin(config.length());
        for start in (0..config.length()).step_by(PIECE) {
            sum.add(&config.chunk(start, PIECE)?);
        }
        Ok(sum.end())
    }

    /// The value for a gauge.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

/// The state of a fingerprint's computation.
struct Sum {
    sum: u64,
    /// The bytes after the last whole word, padded with zeros.
    last: [u8; 8],
}

impl Sum {
    fn begin(length: usize) -> Self {
        let mut sum = Self {
            sum: 0x2545_f491_4f6c_dd1d,
            last: [0; 8],
        };
        sum.mix(u64::try_from(length).unwrap_or(u64::MAX));
        sum
    }

    /// Odd constants with evenly spread bits. The fold mixes the high half of a product into the low half.
    const fn mix(&mut self, word: u64) {
        let product = (self.sum ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.sum = product ^ (product >> 32);
    }

    /// Adds bytes. The length must be a multiple of eight, except for the last call.
    fn add(&mut self, bytes: &[u8]) {
        let mut words = bytes.chunks_exact(8);
        for word in words.by_ref().filter_map(|word| word.first_chunk()) {
            self.mix(u64::from_le_bytes(*word));
        }
        for (to, from) in self.last.iter_mut().zip(words.remainder()) {
            *to = *from;
        }
    }

    const fn end(mut self) -> Fingerprint {
        self.mix(u64::from_le_bytes(self.last));
        self.mix(0);
        Fingerprint(self.sum >> 16)
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
    fn differs_after_small_changes() {
        let long = vec![b'a'; 40];
        let mut seen = HashSet::new();
        for at in 0..long.len() {
            for bit in 0..8 {
                let mut changed = long.clone();
                changed[at] ^= 1 << bit;
                assert!(seen.insert(Fingerprint::of(&changed).number()));
            }
            assert!(seen.insert(Fingerprint::of(&long[..at]).number()));
        }
        assert_eq!(Fingerprint::of(b"{}").to_string(), "0dda0394588e");
        assert_eq!(Fingerprint::of(&long).to_string(), "a1dce09072c1");
        assert_eq!(
            Fingerprint::read(&long.as_slice()).unwrap(),
            Fingerprint::of(&long)
        );
        assert!(seen.iter().all(|number| *number < 1 << 48));
        assert_eq!(Fingerprint(0xab).to_string(), "0000000000ab");
    }
}
