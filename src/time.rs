//! Time as an argument: the core never reads a clock.

use std::time::Duration;

/// A moment in nanoseconds since the Unix epoch. The driver reads it from its clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(u64);

/// The last second of the year 9999.
const LATEST: f64 = 253_402_300_799.0;

impl Timestamp {
    /// The moment `nanos` nanoseconds after the Unix epoch.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment so many seconds after the Unix epoch.
    ///
    /// `None` for times before the epoch and for times after the year 9999: milliseconds in place of seconds are refused, and
    /// not taken for a time that never comes. Times that this type can't hold (after the year 2554) are its last one.
    #[must_use]
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let is_possible = (0.0..=LATEST).contains(&seconds);
        let span = Duration::try_from_secs_f64(seconds).ok()?;
        is_possible.then(|| Self::default().after(span))
    }

    /// Nanoseconds since the Unix epoch.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// The moment `span` later, or the last representable moment where that overflows.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        let nanos = u64::try_from(span.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// The time since `earlier`; zero where the clock went back.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
