//! When a watched source is asked.

use std::time::Duration;

use super::SourceError;

/// The first retry while there is no document at all: the gate is shut until there is one.
const FIRST_UNLOADED: Duration = Duration::from_millis(250);

/// The longest wait between retries while there is no document at all.
const LAST_UNLOADED: Duration = Duration::from_secs(10);

/// The first retry where there is a document.
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
    /// How long to wait after the `failures`th failure in a row (from 1): twice as long each time. Never much longer
    /// than `refresh` where the source answers, but with a document that is no good: somebody is about to mend it.
    pub(super) fn backoff(&self, failures: u32, error: &SourceError, loaded: Loaded) -> Duration {
        let (first, last) = match loaded {
            Loaded::No => (FIRST_UNLOADED, self.refresh.min(LAST_UNLOADED)),
            Loaded::Yes => (
                self.refresh.min(FIRST),
                self.refresh.max(LAST.min(self.refresh.saturating_mul(8))),
            ),
        };
        let last = match error {
            SourceError::TooLarge { .. } | SourceError::Malformed(_) | SourceError::Unusable(_) => {
                last.min(self.refresh)
            }
            SourceError::Callout(_) | SourceError::Status(_) => last,
        };
        let doublings = failures.saturating_sub(1).min(31);
        first.saturating_mul(1 << doublings).min(last.max(first))
    }

    /// No two fetches lie further apart, jitter included.
    pub(super) fn longest_wait(&self) -> Duration {
        self.refresh.max(LAST).saturating_mul(2)
    }
}

/// Whether there is a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loaded {
    No,
    Yes,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::CalloutError;

    #[test]
    fn waits() {
        let down = SourceError::Callout(CalloutError::NoReply);
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
            (3000, &bad, Loaded::No, [250, 500, 1000, 3000]),
        ] {
            let schedule = Schedule {
                refresh: Duration::from_millis(refresh),
                stale_for: Duration::ZERO,
            };
            let got = [1, 2, 3, 99].map(|n| schedule.backoff(n, error, loaded).as_millis());
            assert_eq!(got, millis, "{refresh} {error} {loaded:?}");
            assert!(
                got.iter()
                    .all(|ms| *ms <= schedule.longest_wait().as_millis())
            );
        }
    }
}
