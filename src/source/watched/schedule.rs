//! When a watched source is asked.

use std::time::Duration;

use crate::source::SourceError;

use super::lease::Lease;

/// The first retry while there is no document at all: requests fail until there is one.
const FIRST_UNLOADED: Duration = Duration::from_millis(250);

/// The longest wait between retries while there is no document at all.
const LAST_UNLOADED: Duration = Duration::from_secs(10);

/// The first retry if there is a last good document.
const FIRST: Duration = Duration::from_secs(1);

/// The longest wait between retries, unless `refresh` itself is longer.
const LAST: Duration = Duration::from_secs(60);

/// How fresh a document is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// How often the source is asked; a tenth more or less each time.
    pub refresh: Duration,
    /// How long a document may be used after the source last confirmed it.
    pub stale_for: Duration,
}

impl Schedule {
    /// The schedule of a source with two users: the shorter interval and the longer `stale_for`.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            refresh: self.refresh.min(other.refresh),
            stale_for: self.stale_for.max(other.stale_for),
        }
    }

    /// How long to wait after the `failures`th failure in a row (from 1): twice as long each time. Never much longer
    /// than `refresh` if the source gives a bad document or has none: it is likely to be corrected soon.
    pub(super) fn backoff(&self, failures: u32, error: &SourceError, loaded: Loaded) -> Duration {
        let (first, last) = self.bounds(loaded);
        let last = match error {
            SourceError::Missing
            | SourceError::TooLarge { .. }
            | SourceError::Encoded(_)
            | SourceError::Malformed(_)
            | SourceError::Unusable(_) => last.min(self.refresh),
            SourceError::Callout(_)
            | SourceError::Status(_)
            | SourceError::Refused(_)
            | SourceError::ClientRefused(_)
            | SourceError::Login(_) => last,
        };
        let doublings = failures.saturating_sub(1).min(31);
        first.saturating_mul(1 << doublings).min(last.max(first))
    }

    /// The first and the longest wait between retries.
    fn bounds(&self, loaded: Loaded) -> (Duration, Duration) {
        let refresh = self.refresh;
        match loaded {
            Loaded::No => (FIRST_UNLOADED, refresh.min(LAST_UNLOADED)),
            Loaded::Yes => {
                let eight = refresh.saturating_mul(8);
                (refresh.min(FIRST), refresh.max(LAST.min(eight)))
            }
        }
    }

    /// The longest wait after a good fetch, jitter included.
    pub(super) fn latest(&self) -> Duration {
        let jitter = self.refresh.checked_div(4).unwrap_or_default();
        self.refresh.saturating_add(jitter)
    }

    /// The longest wait between two fetches, jitter included.
    pub(super) fn longest_wait(&self, loaded: Loaded) -> Duration {
        let (first, last) = self.bounds(loaded);
        let longest = first.max(last);
        let jitter = longest.checked_div(4).unwrap_or_default();
        longest.saturating_add(jitter)
    }
}

/// Whether any VM has a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    No,
    Yes,
}

impl Loaded {
    /// By the lease, which all VMs share.
    pub(super) const fn by(lease: &Lease) -> Self {
        match lease.newest {
            Some(_) => Self::Yes,
            None => Self::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::CalloutError;

    #[test]
    fn waits() {
        let down = SourceError::Callout(CalloutError::NoReply);
        let refused = SourceError::Refused(401);
        let bad = SourceError::Malformed(String::new());
        for (refresh, error, loaded, millis) in [
            (5000, &down, Loaded::No, [250, 500, 1000, 5000]),
            (60_000, &down, Loaded::No, [250, 500, 1000, 10_000]),
            (100, &down, Loaded::No, [250, 250, 250, 250]),
            (5000, &down, Loaded::Yes, [1000, 2000, 4000, 40_000]),
            (20_000, &down, Loaded::Yes, [1000, 2000, 4000, 60_000]),
            (600_000, &down, Loaded::Yes, [1000, 2000, 4000, 600_000]),
            (200, &down, Loaded::Yes, [200, 400, 800, 1600]),
            (3000, &bad, Loaded::Yes, [1000, 2000, 3000, 3000]),
            (
                3000,
                &SourceError::Missing,
                Loaded::Yes,
                [1000, 2000, 3000, 3000],
            ),
            (3000, &refused, Loaded::Yes, [1000, 2000, 4000, 24_000]),
            (3000, &bad, Loaded::No, [250, 500, 1000, 3000]),
        ] {
            let schedule = Schedule {
                refresh: Duration::from_millis(refresh),
                stale_for: Duration::ZERO,
            };
            let got = [1, 2, 3, 99].map(|n| schedule.backoff(n, error, loaded).as_millis());
            assert_eq!(got, millis, "{refresh} {error} {loaded:?}");
            let longest = schedule.longest_wait(loaded).as_millis();
            assert!(got.iter().all(|ms| ms * 110 / 100 <= longest));
        }
    }
}
