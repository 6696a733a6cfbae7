//! The host's clock.

use std::cell::Cell;
use std::time::Duration;

use crate::time::Timestamp;

use super::hostcalls::{Failure, Host};

/// What is done once a tick isn't done again sooner than this. It is less than the second between two ticks, because ticks
/// come early too.
const SOONEST: Duration = Duration::from_millis(750);

/// The host's clock, and the last time from it.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Cell<Timestamp>,
}

impl Clock {
    /// Asks the host.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn now(&self, host: &impl Host) -> Result<Timestamp, Failure> {
        let now = host.now()?;
        self.last.set(now);
        Ok(now)
    }

    /// The time of the last call that succeeded; the epoch where there was none.
    pub(super) fn last(&self) -> Timestamp {
        self.last.get()
    }
}

/// Whether `last` is too recent to do something again at `now`. Otherwise `last` becomes `now`.
pub(super) fn is_too_soon(last: &Cell<Timestamp>, now: Timestamp) -> bool {
    let before = last.get();
    // After the clock was set back, time counts from there.
    let is_too_soon = before <= now && now.since(before) < SOONEST;
    if !is_too_soon {
        last.set(now);
    }
    is_too_soon
}

/// A timeout in milliseconds: at least one, because zero would mean to wait for ever.
pub(super) fn milliseconds(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_millis())
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_timeouts_to_at_least_one_millisecond() {
        for (timeout, wanted) in [
            (Duration::ZERO, 1),
            (Duration::from_micros(5), 1),
            (Duration::from_secs(2), 2000),
            (Duration::MAX, u32::MAX),
        ] {
            assert_eq!(milliseconds(timeout), wanted);
        }
    }
}
