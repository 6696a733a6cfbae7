//! Random numbers for jitter. They are not suitable for secrets.

use std::time::Duration;

/// SplitMix64 (Steele, Lea, Flood 2014): small, seeded, good enough for jitter.
#[derive(Clone, Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// `span`, a tenth more or less.
    pub(super) fn jitter(&mut self, span: Duration) -> Duration {
        let thousandths = u32::try_from(self.next() % 201)
            .unwrap_or(100)
            .saturating_add(900);
        let thousandth = span.checked_div(1000).unwrap_or_default();
        thousandth.saturating_mul(thousandths)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_is_a_tenth_and_differs() {
        let mut random = Random::seeded(7);
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
