//! Random numbers for jitter and for draws. They are not suitable for secrets.

use std::cell::Cell;
use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for jitter and for draws.
#[derive(Clone, Debug)]
pub struct Random(Cell<u64>);

impl Random {
    /// A generator whose numbers follow from `seed`.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(Cell::new(seed))
    }

    /// The next number. All values are equally likely.
    pub fn next(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        mix(self.0.get())
    }

    /// `span`, a tenth more or less.
    pub(crate) fn jitter(&self, span: Duration) -> Duration {
        let thousandths = u32::try_from(self.next() % 201)
            .unwrap_or(100)
            .saturating_add(900);
        let thousandth = span.checked_div(1000).unwrap_or_default();
        thousandth.saturating_mul(thousandths)
    }
}

/// The finaliser of SplitMix64: each bit of the input changes each bit of the output with a probability of one half.
pub(crate) const fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_published_generator() {
        // The first outputs of the authors' C code for the seed 1234567.
        let random = Random::seeded(1_234_567);
        let drawn: Vec<_> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            drawn,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn jitter_is_a_tenth_and_differs() {
        let random = Random::seeded(7);
        let span = Duration::from_secs(10);
        let drawn: Vec<_> = (0..1000).map(|_| random.jitter(span)).collect();
        assert!(
            drawn
                .iter()
                .all(|d| (9.0..=11.0).contains(&d.as_secs_f64()))
        );
        assert!(drawn.iter().any(|d| d.as_secs_f64() < 9.2));
        assert!(drawn.iter().any(|d| d.as_secs_f64() > 10.8));
        assert_eq!(random.jitter(Duration::ZERO), Duration::ZERO);
    }
}
