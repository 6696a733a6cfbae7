//! Secrets that never print.

use std::fmt;

use subtle::{Choice, ConstantTimeEq as _};

/// Bytes that must not reach a log, an error or a client: `Debug` shows none of them, and there is no `Display`.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// A secret with these bytes.
    #[must_use]
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for code that needs them (a callout's header, a comparison).
    #[must_use]
    pub const fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// Whether two byte strings are equal, in a time that depends on their lengths only.
#[must_use]
pub(crate) fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Compares words of eight bytes: comparing single bytes costs a request with a key 8 % more instructions. The last
    // word overlaps the one before it.
    let words = left.chunks_exact(8).zip(right.chunks_exact(8));
    let words = words.filter_map(|(left, right)| Some((left.first_chunk()?, right.first_chunk()?)));
    let same = match (left.last_chunk(), right.last_chunk()) {
        (Some(left), Some(right)) => word_eq(left, right),
        _ => left.ct_eq(right),
    };
    let same = words.fold(same, |same, (left, right)| same & word_eq(left, right));
    same.into()
}

fn word_eq(left: &[u8; 8], right: &[u8; 8]) -> Choice {
    u64::from_ne_bytes(*left).ct_eq(&u64::from_ne_bytes(*right))
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_prints_no_secret() {
        assert_eq!(format!("{:?}", Secret::new(*b"hunter2")), "Secret(…)");
    }

    #[test]
    fn compares_equal_and_different_bytes() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"ab"));
        assert!(constant_time_eq(b"", b""));
        let long: Vec<u8> = (0..40).collect();
        for length in 0..40 {
            let long = &long[..length];
            let mut other = long.to_vec();
            assert!(constant_time_eq(long, &other));
            for at in 0..length {
                other.copy_from_slice(long);
                other[at] ^= 0x80;
                assert!(!constant_time_eq(long, &other), "{length} {at}");
            }
        }
    }
}
