//! What a VM draws at random when it begins: a name that is published, and a seed that stays secret.

use std::fmt;

use crate::source::Hash;
use crate::time::Timestamp;

/// Two numbers that tell nothing of each other.
#[derive(Clone, Copy)]
pub struct Draw {
    name: u64,
    seed: u64,
}

impl Draw {
    /// `random` draws bytes from the host, other ones each time.
    ///
    /// Each number has a draw of its own, so that nobody can compute the seed from the name: that is read by whoever may read
    /// the host's shared data, by other filters, and in logs. Nor is the name's draw published itself, but its hash, lest the
    /// generator's next numbers be guessed from it. Where the host gives no random bits, VMs that begin at other times (`now`)
    /// have other names all the same.
    pub fn new(mut random: impl FnMut() -> [u8; 32], now: Timestamp) -> Self {
        let [public, secret] = [random(), random()];
        let bytes = [&public[..], &now.as_nanos().to_le_bytes()].concat();
        Self {
            name: head(&Hash::of(&bytes).0),
            seed: head(&secret),
        }
    }

    /// The one of this name and this seed.
    #[must_use]
    pub const fn of(name: u64, seed: u64) -> Self {
        Self { name, seed }
    }

    /// By this the VM goes among those that share data with it.
    #[must_use]
    pub const fn name(&self) -> u64 {
        self.name
    }

    /// By this its hash tables hash. Whoever knows it can choose keys that collide.
    pub(super) const fn seed(&self) -> u64 {
        self.seed
    }
}

fn head(bytes: &[u8; 32]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |head| u64::from_le_bytes(*head))
}

impl fmt::Debug for Draw {
    /// The seed doesn't print.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Draw")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1);

    fn drawn(public: u8, secret: u8, now: Timestamp) -> (u64, u64) {
        let mut bytes = [public, secret].into_iter();
        let draw = Draw::new(|| [bytes.next().unwrap(); 32], now);
        assert_eq!(bytes.next(), None);
        (draw.name(), draw.seed())
    }

    #[test]
    fn name_and_seed_tell_nothing_of_each_other() {
        let (name, seed) = drawn(1, 2, NOW);
        for other in 3..=255 {
            let (changed, same) = drawn(other, 2, NOW);
            assert!(changed != name && same == seed, "{other}");
            let (same, changed) = drawn(1, other, NOW);
            assert!(same == name && changed != seed, "{other}");
        }
        // Even of a host that always draws the same.
        let (name, seed) = drawn(7, 7, NOW);
        assert_ne!(name, seed);
    }

    #[test]
    fn what_was_drawn_is_not_published() {
        for byte in 0..=255 {
            let raw = u64::from_le_bytes([byte; 8]);
            let (name, _) = drawn(byte, 9, NOW);
            let near = (name ^ raw).count_ones();
            assert!((8..=56).contains(&near), "{byte}: {near} bits differ");
            // Nor is it the draw but for a number that is always the same.
            let (other, _) = drawn(byte ^ 1, 9, NOW);
            assert_ne!(name ^ other, u64::from_le_bytes([1; 8]));
        }
    }

    #[test]
    fn without_random_bits_names_differ_by_time() {
        let at = |nanos| drawn(0, 0, Timestamp::from_nanos(nanos));
        assert_ne!(at(1).0, at(2).0);
        assert_eq!(at(1).1, 0);
    }

    #[test]
    fn the_seed_does_not_print() {
        let text = format!("{:?}", Draw::of(12, 34_567));
        assert!(text.contains("12") && !text.contains("34567"), "{text}");
    }
}
