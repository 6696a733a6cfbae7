//! Draws of one of several names by weight, the same one for the same key: weighted rendezvous hashing.
//!
//! Each name gets a number from the key and the name alone. It is distributed like the time until the first event of a process
//! with the name's weight as its rate, and the least number wins: a name wins with the probability of its share. If one
//! weight changes, the other numbers stay, so only those keys move that this name wins or loses.
//!
//! The functions are fixed: every worker, every gateway and every version of the module draws the same. So all arithmetic is on
//! integers, and the tests hold the results.

mod share;

use crate::http::Text;
use crate::random::mix;

pub(crate) use share::Share;

/// The greatest weight. With it, a comparison fits into 64 bits.
pub(crate) const MAX_WEIGHT: u32 = 1_000_000;

/// FNV-1a with 64 bits (draft-eastlake-fnv).
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// A key, hashed. A random number is a key too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DrawKey(pub(crate) u64);

impl DrawKey {
    /// The hash of a key.
    #[must_use]
    pub(crate) fn of(key: &[u8]) -> Self {
        Self(fnv1a(key))
    }
}

/// A name, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket(u64);

impl Ticket {
    /// The hash of a name.
    #[must_use]
    pub(crate) fn of(name: &[u8]) -> Self {
        Self(mix(fnv1a(name)))
    }
}

/// A draw under way.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Draw<'n> {
    key: DrawKey,
    /// The ticket that wins so far, with its name, its weight, and its number for the weight one.
    best: Option<(Ticket, &'n Text, u32, u64)>,
}

impl<'n> Draw<'n> {
    /// A draw for a key.
    #[must_use]
    pub(crate) const fn new(key: DrawKey) -> Self {
        Self { key, best: None }
    }

    /// Adds a name with its weight. The order of the names doesn't matter. A name with the weight zero never wins.
    pub(crate) fn add(&mut self, name: &'n Text, ticket: Ticket, weight: u32) {
        let weight = weight.min(MAX_WEIGHT);
        if weight == 0 {
            return;
        }
        let number = negative_log2(mix(self.key.0 ^ ticket.0));
        let wins = self.best.is_none_or(|(best, _, best_weight, least)| {
            // number / weight < least / best_weight
            let own = number.wrapping_mul(u64::from(best_weight));
            let other = least.wrapping_mul(u64::from(weight));
            (own, ticket.0) < (other, best.0)
        });
        if wins {
            self.best = Some((ticket, name, weight, number));
        }
    }

    /// The name that won. `None` if no name has a weight.
    #[must_use]
    pub(crate) fn winner(self) -> Option<&'n Text> {
        self.best.map(|(_, name, ..)| name)
    }
}

/// The negative binary logarithm of `bits` as a fraction of 2^64, in units of 2^-32: from 1 to 2^38.
fn negative_log2(bits: u64) -> u64 {
    let bits = bits.max(1);
    let zeros = bits.leading_zeros();
    // From 1 to 2, in units of 2^-31. Squaring it doubles its logarithm, whose next digit is whether 2 is reached.
    let mut mantissa = bits.wrapping_shl(zeros) >> 32;
    let mut logarithm: u64 = 0;
    for _ in 0..32 {
        let square = mantissa.wrapping_mul(mantissa);
        let digit = square >> 63;
        mantissa = (square >> 31) >> digit;
        logarithm = (logarithm << 1) | digit;
    }
    (u64::from(zeros).wrapping_add(1) << 32).wrapping_sub(logarithm)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPLIT: [(&str, u32); 2] = [("blue", 95), ("green", 5)];
    const THREE: [(&str, u32); 3] = [("blue", 2), ("green", 1), ("red", 1)];

    fn drawn(key: DrawKey, split: &[(&'static str, u32)]) -> &'static str {
        let names: Vec<_> = split.iter().map(|(name, _)| Text::from(*name)).collect();
        let mut draw = Draw::new(key);
        for (name, (_, weight)) in names.iter().zip(split) {
            draw.add(name, Ticket::of(name), *weight);
        }
        let winner = draw.winner().unwrap();
        split
            .iter()
            .find(|(name, _)| name.as_bytes() == &**winner)
            .unwrap()
            .0
    }

    fn keys() -> impl Iterator<Item = DrawKey> {
        (0..100_000).map(|user| DrawKey::of(format!("user-{user}").as_bytes()))
    }

    /// Whether a count is within four standard deviations of what its share makes likely.
    fn is_likely(count: usize, of: usize, share: f64) -> bool {
        let expected = of as f64 * share;
        (count as f64 - expected).abs() <= 4.0 * (expected * (1.0 - share)).sqrt()
    }

    #[test]
    fn hashes_by_the_published_functions() {
        // Test vectors of draft-eastlake-fnv, appendix C.
        assert_eq!(fnv1a(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a(b"foobar"), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn the_logarithm_is_exact_enough() {
        assert_eq!(negative_log2(0), 64 << 32);
        assert_eq!(negative_log2(1), 64 << 32);
        assert_eq!(negative_log2(1 << 63), 1 << 32);
        assert_eq!(negative_log2(u64::MAX), 2);
        for step in 1..10_000_u64 {
            let bits = mix(step);
            let exact = -(bits as f64 / 2f64.powi(64)).log2();
            let own = negative_log2(bits) as f64 / 2f64.powi(32);
            assert!((exact - own).abs() < 2f64.powi(-29), "{bits}");
        }
    }

    /// Another program computed these, with the same functions and the logarithms of its floating point numbers. They must
    /// never change: clients would move.
    #[test]
    fn draws_what_it_always_drew() {
        let golden = [
            ("alice", "blue", "blue", 12_006_253_929),
            ("bob", "green", "green", 143_712_259),
            ("carol", "blue", "red", 9_654_483_372),
            ("dave", "blue", "green", 1_655_249_426),
            ("erin", "blue", "green", 1_828_357_884),
            ("user-42", "blue", "red", 10_096_606_645),
            ("", "blue", "red", 12_015_848_506),
            ("10.0.0.1", "blue", "green", 1_180_336_535),
            ("zo\u{eb}", "blue", "green", 3_434_718_180),
        ];
        for (key, of_two, of_three, number) in golden {
            let key = DrawKey::of(key.as_bytes());
            assert_eq!(drawn(key, &SPLIT), of_two);
            assert_eq!(drawn(key, &THREE), of_three);
            let green = mix(key.0 ^ Ticket::of(b"green").0);
            assert_eq!(negative_log2(green), number);
        }
        let greens = keys().take(200).enumerate();
        let greens = greens.filter(|(_, key)| drawn(*key, &SPLIT) == "green");
        let greens: Vec<_> = greens.map(|(user, _)| user).collect();
        assert_eq!(
            greens,
            [6, 37, 49, 80, 88, 97, 128, 135, 137, 139, 165, 187]
        );
    }

    #[test]
    fn the_order_of_the_names_does_not_matter() {
        let backwards: Vec<_> = THREE.into_iter().rev().collect();
        for key in keys().take(1000) {
            assert_eq!(drawn(key, &THREE), drawn(key, &backwards));
        }
    }

    #[test]
    fn splits_by_the_weights() {
        for split in [
            &SPLIT[..],
            &THREE,
            &[("a", 1), ("b", 999_999), ("c", 1_000_000)],
        ] {
            let sum: u32 = split.iter().map(|(_, weight)| weight).sum();
            for (name, weight) in split {
                let share = f64::from(*weight) / f64::from(sum);
                let count = keys().filter(|key| drawn(*key, split) == *name).count();
                assert!(is_likely(count, 100_000, share), "{name}: {count}");
            }
        }
    }

    #[test]
    fn random_keys_split_by_the_weights_too() {
        let random = crate::random::Random::seeded(9);
        let keys: Vec<_> = (0..100_000).map(|_| DrawKey(random.next())).collect();
        for (name, weight) in THREE {
            let count = keys
                .iter()
                .filter(|key| drawn(**key, &THREE) == name)
                .count();
            assert!(
                is_likely(count, keys.len(), f64::from(weight) / 4.0),
                "{name}"
            );
        }
    }

    #[test]
    fn a_changed_weight_moves_only_those_that_must_move() {
        let more = [("blue", 95), ("green", 10)];
        let moved: Vec<_> = keys()
            .filter(|key| drawn(*key, &SPLIT) != drawn(*key, &more))
            .collect();
        assert!(moved.iter().all(|key| drawn(*key, &more) == "green"));
        // From 5 of 100 to 10 of 105.
        assert!(
            is_likely(moved.len(), 100_000, 10.0 / 105.0 - 0.05),
            "{}",
            moved.len()
        );
        // A name that comes, or goes, moves its own keys.
        for key in keys().take(10_000) {
            let two = drawn(key, &THREE[..2]);
            let three = drawn(key, &THREE);
            assert!(three == two || three == "red");
        }
    }

    #[test]
    fn a_name_without_weight_never_wins() {
        for key in keys().take(1000) {
            assert_eq!(drawn(key, &[("a", 0), ("b", 1), ("c", 0)]), "b");
        }
        let mut draw = Draw::new(DrawKey(1));
        let name = Text::from("a");
        draw.add(&name, Ticket::of(b"a"), 0);
        assert_eq!(draw.winner(), None);
    }
}
