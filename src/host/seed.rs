//! The random numbers of a VM: a name that is published, a hash seed that stays secret, and a seed for draws.

use std::fmt;

use crate::source::Hash;
use crate::time::Timestamp;

/// The random numbers of a VM. None can be computed from another.
#[derive(Clone, Copy)]
pub struct VmSeed {
    name: u64,
    hash_seed: u64,
    draws: u64,
}

impl VmSeed {
    /// Draws the numbers. `random` gives random bytes of the host, other ones on each call.
    ///
    /// Each number has bytes of its own, so that the seed can't be computed from the name: the name can be read in the host's
    /// shared data, by other filters, and in logs. The name is a hash of its bytes, so that the generator's next numbers can't
    /// be guessed from it. Where the host gives no random bytes, VMs that begin at different times (`now`) still have
    /// different names, and other draws.
    pub fn draw(mut random: impl FnMut() -> [u8; 32], now: Timestamp) -> Self {
        let [public, secret, draws] = [random(), random(), random()];
        let at = now.as_nanos();
        let bytes = [&public[..], &at.to_le_bytes()].concat();
        Self {
            name: head(&Hash::of(&bytes).0),
            hash_seed: head(&secret),
            draws: head(&draws) ^ at,
        }
    }

    /// These numbers. Draws begin at the name.
    #[must_use]
    pub const fn of(name: u64, hash_seed: u64) -> Self {
        Self {
            name,
            hash_seed,
            draws: name,
        }
    }

    /// The VM's name among those that share data with it.
    #[must_use]
    pub const fn name(&self) -> u64 {
        self.name
    }

    /// The seed of the VM's hash tables. A client that knows it can choose keys that collide.
    pub(super) const fn hash_seed(&self) -> u64 {
        self.hash_seed
    }

    /// The seed of the draws by which requests choose an upstream.
    pub(super) const fn draws(&self) -> u64 {
        self.draws
    }
}

fn head(bytes: &[u8; 32]) -> u64 {
    bytes
        .first_chunk()
        .map_or(0, |head| u64::from_le_bytes(*head))
}

impl fmt::Debug for VmSeed {
    /// Without the seeds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VmSeed")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_nanos(1);

    fn drawn(public: u8, secret: u8, now: Timestamp) -> (u64, u64) {
        let mut bytes = [public, secret, 3].into_iter();
        let draw = VmSeed::draw(|| [bytes.next().unwrap(); 32], now);
        assert_eq!(bytes.next(), None);
        (draw.name(), draw.hash_seed())
    }

    #[test]
    fn draws_name_and_seed_independently() {
        let (name, seed) = drawn(1, 2, NOW);
        for other in 3..=255 {
            let (changed, same) = drawn(other, 2, NOW);
            assert!(changed != name && same == seed, "{other}");
            let (same, changed) = drawn(1, other, NOW);
            assert!(same == name && changed != seed, "{other}");
        }
        // So it is on a host that always gives the same bytes.
        let (name, seed) = drawn(7, 7, NOW);
        assert_ne!(name, seed);
    }

    #[test]
    fn does_not_publish_the_random_bytes() {
        for byte in 0..=255 {
            let raw = u64::from_le_bytes([byte; 8]);
            let (name, _) = drawn(byte, 9, NOW);
            let near = (name ^ raw).count_ones();
            assert!((8..=56).contains(&near), "{byte}: {near} bits differ");
            // The name isn't the bytes combined with a constant either.
            let (other, _) = drawn(byte ^ 1, 9, NOW);
            assert_ne!(name ^ other, u64::from_le_bytes([1; 8]));
        }
    }

    #[test]
    fn names_differ_by_time_without_random_bytes() {
        let at = |nanos| drawn(0, 0, Timestamp::from_nanos(nanos));
        assert_ne!(at(1).0, at(2).0);
        assert_eq!(at(1).1, 0);
    }

    #[test]
    fn does_not_print_the_seed() {
        let text = format!("{:?}", VmSeed::of(12, 34_567));
        assert!(text.contains("12") && !text.contains("34567"), "{text}");
    }
}
