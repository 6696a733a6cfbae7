//! What the engine may ask of the host while it decides.

use std::cell::Cell;
use std::time::Duration;

use crate::engine::Inputs;
use crate::time::Timestamp;

use super::abi::{self, Failure};

/// A tick that comes sooner after a handover does without one. Less than the
/// second between two ticks, as they come early too.
const SOONEST: Duration = Duration::from_millis(750);

/// The host's clock, and the last time that it told.
#[derive(Debug, Default)]
pub(super) struct Clock {
    last: Cell<Timestamp>,
}

impl Clock {
    /// Asks the host.
    ///
    /// # Errors
    /// The host call's failure.
    pub(super) fn now(&self) -> Result<Timestamp, Failure> {
        let now = abi::now()?;
        self.last.set(now);
        Ok(now)
    }

    /// The time that was told last; the epoch where none was.
    pub(super) fn last(&self) -> Timestamp {
        self.last.get()
    }

    /// The inputs for one decision.
    pub(super) const fn inputs(&self) -> Answers<'_> {
        Answers {
            clock: self,
            now: None,
            failure: None,
        }
    }
}

/// Answers one decision's questions, each at most once.
#[derive(Debug)]
pub(super) struct Answers<'a> {
    clock: &'a Clock,
    now: Option<Timestamp>,
    /// Set where the host could not answer. What was decided then must not be performed.
    pub(super) failure: Option<Failure>,
}

impl Inputs for Answers<'_> {
    fn now(&mut self) -> Timestamp {
        if let Some(now) = self.now {
            return now;
        }
        let now = self.clock.now().unwrap_or_else(|failure| {
            self.failure = Some(failure);
            // Whatever can expire has done so by then.
            Timestamp::from_nanos(u64::MAX)
        });
        self.now = Some(now);
        now
    }
}

/// Whether something that was done `last` needn't be done again at `now`, and isn't.
pub(super) fn is_too_soon(last: &Cell<Timestamp>, now: Timestamp) -> bool {
    let before = last.get();
    // A clock that was put back counts from where it is.
    let is_too_soon = before <= now && now.since(before) < SOONEST;
    if !is_too_soon {
        last.set(now);
    }
    is_too_soon
}

/// For the host: at least one, as zero would mean to wait for ever.
pub(super) fn milliseconds(timeout: Duration) -> u32 {
    u32::try_from(timeout.as_millis())
        .unwrap_or(u32::MAX)
        .max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_never_endless() {
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
