//! Secrets that never print.

use std::fmt;

/// Bytes that must not reach a log, an error or a client: `Debug` shows none of them, and there is no `Display`.
#[derive(Clone)]
pub struct Secret(Box<[u8]>);

impl Secret {
    /// Takes the bytes into care.
    #[must_use]
    pub fn new(bytes: impl Into<Box<[u8]>>) -> Self {
        Self(bytes.into())
    }

    /// The bytes, for the one place that needs them (a callout's header, a comparison).
    #[must_use]
    pub const fn expose(&self) -> &[u8] {
        &self.0
    }
}

/// Equal, in a time that depends on the lengths alone.
#[must_use]
pub fn constant_time_eq(left: &[u8], right: &[u8]) -> bool {
    if left.len() != right.len() {
        return false;
    }
    // Eight bytes at a time; the last eight may have bytes that were compared before.
    let (lefts, rights) = (left.chunks_exact(8), right.chunks_exact(8));
    let difference = match (left.last_chunk(), right.last_chunk()) {
        (Some(last), Some(other)) => {
            lefts
                .zip(rights)
                .fold(word(last) ^ word(other), |sum, (l, r)| {
                    let different = l.first_chunk().zip(r.first_chunk());
                    sum | different.map_or(0, |(l, r)| word(l) ^ word(r))
                })
        }
        _ => short_difference(left, right),
    };
    // Without the barrier the optimiser may turn the fold into a loop that leaves early.
    std::hint::black_box(difference) == 0
}

const fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_ne_bytes(*bytes)
}

#[inline(never)]
fn short_difference(left: &[u8], right: &[u8]) -> u64 {
    let bytes = left.iter().zip(right);
    bytes.fold(0, |sum, (l, r)| sum | u64::from(l ^ r))
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
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", Secret::new(*b"hunter2")), "Secret(…)");
    }

    #[test]
    fn comparison() {
        assert!(constant_time_eq(b"abc", b"abc"));
        assert!(!constant_time_eq(b"abc", b"abd"));
        assert!(!constant_time_eq(b"abc", b"ab"));
        assert!(constant_time_eq(b"", b""));
        let long: Vec<u8> = (0..40).collect();
        for length in 0..40 {
            let long = &long[..length];
            let mut other = long.to_vec();
            assert!(constant_time_eq(long, &other));
            for place in 0..length {
                other.copy_from_slice(long);
                other[place] ^= 0x80;
                assert!(!constant_time_eq(long, &other), "{length} {place}");
            }
        }
    }
}
