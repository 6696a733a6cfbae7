//! The clock of this computer, and times as text.

use std::time::{Duration, Instant, SystemTime};

use postern::time::Timestamp;

/// The last second of the year 9999. Later times have no text.
pub(crate) const LATEST: u64 = 253_402_300_799;

/// The time now.
#[expect(
    clippy::disallowed_methods,
    reason = "the tool is its own host, so it has a clock"
)]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// The time now, to measure how long something takes.
#[expect(
    clippy::disallowed_methods,
    reason = "the tool is its own host, so it has a clock"
)]
pub(crate) fn instant() -> Instant {
    Instant::now()
}

/// Seconds since the Unix epoch.
pub(crate) fn seconds(time: SystemTime) -> u64 {
    since_epoch(time).as_secs()
}

/// The time as the core takes it.
pub(crate) fn timestamp(time: SystemTime) -> Timestamp {
    Timestamp::default().after(since_epoch(time))
}

fn since_epoch(time: SystemTime) -> Duration {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default()
}

/// Parses a time in UTC (RFC 3339), such as `2027-01-15T08:00:00Z`.
pub(crate) fn parse_time(text: &str) -> Result<SystemTime, String> {
    humantime::parse_rfc3339_weak(text)
        .map_err(|_| "expected a time in UTC, such as `2027-01-15T08:00:00Z`".to_owned())
}

/// Parses a duration with units, such as `90s`, `8h` or `30days`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

/// The time as text, in UTC (RFC 3339), in whole seconds. None after the year 9999.
pub(crate) fn written(time: SystemTime) -> Option<String> {
    (seconds(time) <= LATEST).then(|| humantime::format_rfc3339_seconds(time).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_times() {
        for (text, seconds_of) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T00:00:00Z", 951_782_400),
            ("9999-12-31T23:59:59Z", LATEST),
        ] {
            let time = parse_time(text).unwrap();
            assert_eq!(seconds(time), seconds_of, "{text}");
            assert_eq!(written(time).as_deref(), Some(text));
        }
        let time = parse_time("2027-01-15 08:00:00").unwrap();
        assert_eq!(timestamp(time).as_nanos(), 1_800_000_000_000_000_000);
        for wrong in ["", "tomorrow", "2027-01-15", "2027-13-15T08:00:00Z"] {
            assert!(parse_time(wrong).is_err(), "{wrong}");
        }
        assert_eq!(written(time + Duration::from_secs(LATEST)), None);
    }

    #[test]
    fn reads_durations() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(parse_duration("5").is_err() && parse_duration("").is_err());
    }
}
