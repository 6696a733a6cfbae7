//! The time that a worker spends on verifying tokens.

use std::time::Duration;

use crate::time::Timestamp;

/// How much time may be spent at once, after a pause. A request that comes meanwhile waits at most this long for its turn.
const BURST: Duration = Duration::from_millis(25);

/// A verification that takes longer than this makes the requests that come meanwhile wait noticeably.
const LONG: Duration = Duration::from_millis(1);

/// How many times its time a long verification costs. At a quarter of the time, one request in forty meets one. At its plain cost
/// it would be one in four, and ES512 alone would make the slowest hundredth of all requests six times slower.
const LONG_FACTOR: u32 = 10;

/// Bounds the time that goes into the verification of new tokens. The time isn't measured: each verification has a fixed cost by
/// its algorithm.
#[derive(Debug, Default)]
pub(super) struct VerificationBudget {
    /// What is spent and not yet won back.
    spent: Duration,
    /// When `spent` was computed.
    at: Timestamp,
}

impl VerificationBudget {
    /// Takes the time for one verification, if there is any left. `percent` is the share of the time that comes back.
    pub(super) fn spend(&mut self, cost: Duration, percent: u8, now: Timestamp) -> bool {
        if percent >= 100 {
            return true;
        }
        let elapsed = now.since(self.at);
        let back = elapsed.saturating_mul(u32::from(percent)).checked_div(100);
        self.spent = self.spent.saturating_sub(back.unwrap_or_default());
        self.at = now;
        if self.spent >= BURST {
            return false;
        }
        let factor = if cost > LONG { LONG_FACTOR } else { 1 };
        self.spent = self.spent.saturating_add(cost.saturating_mul(factor));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COST: Duration = Duration::from_micros(100);

    /// How many verifications of `COST` are possible at this moment.
    fn possible(budget: &mut VerificationBudget, percent: u8, now: Timestamp) -> usize {
        let mut all = (0..10_000).take_while(|_| budget.spend(COST, percent, now));
        all.by_ref().count()
    }

    fn at(milliseconds: u64) -> Timestamp {
        let start = Timestamp::default().after(Duration::from_secs(1_000));
        start.after(Duration::from_millis(milliseconds))
    }

    #[test]
    fn a_share_of_the_time_comes_back() {
        let mut budget = VerificationBudget::default();
        assert_eq!(possible(&mut budget, 25, at(0)), 250);
        assert_eq!(possible(&mut budget, 25, at(0)), 0);
        assert_eq!(possible(&mut budget, 25, at(4)), 10);
        assert_eq!(possible(&mut budget, 25, at(8)), 10);
        assert_eq!(
            possible(&mut budget, 25, at(100_000)),
            250,
            "no more than the burst"
        );
    }

    #[test]
    fn a_clock_that_is_set_back_gives_nothing() {
        let mut budget = VerificationBudget::default();
        assert_eq!(possible(&mut budget, 25, at(1_000)), 250);
        assert_eq!(possible(&mut budget, 25, at(0)), 0);
        assert_eq!(possible(&mut budget, 25, at(4)), 10);
    }

    #[test]
    fn the_whole_time_is_no_bound() {
        let mut budget = VerificationBudget::default();
        assert_eq!(possible(&mut budget, 100, at(0)), 10_000);
    }

    #[test]
    fn a_long_verification_costs_more_than_its_time() {
        let mut budget = VerificationBudget::default();
        let long = Duration::from_millis(2);
        assert!(budget.spend(long, 25, at(0)));
        assert!(budget.spend(long, 25, at(0)));
        assert!(!budget.spend(long, 25, at(59)), "20 ms come back in 80 ms");
        assert!(budget.spend(long, 25, at(61)));
    }

    #[test]
    fn one_verification_is_always_possible_after_a_pause() {
        let mut budget = VerificationBudget::default();
        let long = Duration::from_millis(100);
        assert!(budget.spend(long, 25, at(0)));
        assert!(!budget.spend(long, 25, at(3_000)));
        assert!(budget.spend(long, 25, at(4_000)));
    }
}
