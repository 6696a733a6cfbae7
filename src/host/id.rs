//! The host's numbers for things, and tables by them.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

/// The host's number for a context: a root (one policy in one VM) or a stream (one exchange). Envoy counts both in one
/// series for each VM, so a number is one or the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContextId(pub u32);

/// The host's number for a callout, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallToken(pub u32);

/// A table by one of the host's numbers, or by one of the engine's.
pub(super) type Table<K, V> = HashMap<K, V, BuildHasherDefault<NumberHasher>>;

/// Hashes one number by one multiplication. Clients don't choose these numbers, so a keyed hash isn't needed; it would cost
/// more than the rest of the lookup.
#[derive(Debug, Default)]
pub(super) struct NumberHasher(u64);

impl NumberHasher {
    fn mix(&mut self, number: u64) {
        // An odd factor keeps the low bits a bijection; the fold brings the high ones down, where a 32-bit table looks.
        let product = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ (product >> 32);
    }
}

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.mix(self.0 ^ u64::from(*byte));
        }
    }

    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }
}

#[cfg(test)]
mod tests {
    use std::hash::{BuildHasher, BuildHasherDefault};

    use super::*;

    #[test]
    fn spreads_consecutive_numbers() {
        let build = BuildHasherDefault::<NumberHasher>::default();
        let mut tops = std::collections::BTreeSet::new();
        let mut lows = std::collections::BTreeSet::new();
        for number in 1..=128_u32 {
            let hash = build.hash_one(ContextId(number));
            tops.insert((hash >> 25) & 0x7f);
            lows.insert(hash & 0x7f);
        }
        assert!(tops.len() > 60, "{}", tops.len());
        assert!(lows.len() > 60, "{}", lows.len());
    }
}
