//! Times of tokens, and the clock.

use std::time::{Duration, SystemTime};

use serde_json::Value;

/// The last second of the year 9999.
pub(super) const LATEST: u64 = 253_402_300_799;

/// The names of claims that are times (RFC 7519 §4.1, OpenID Connect Core §2 and §5.1).
pub(super) const CLAIMS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/// The time of this computer.
#[expect(
    clippy::disallowed_methods,
    reason = "the tool is its own host, so it has a clock"
)]
pub(super) fn now() -> SystemTime {
    SystemTime::now()
}

/// Seconds since the Unix epoch.
pub(super) fn seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

/// The time that a claim stands for (RFC 7519 §2, NumericDate), from 1970 to 9999.
pub(super) fn time(value: &Value) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    if since.as_secs() > LATEST {
        return None;
    }
    SystemTime::UNIX_EPOCH.checked_add(since)
}

/// The time as text, in UTC (RFC 3339), in whole seconds.
pub(super) fn written(time: SystemTime) -> String {
    humantime::format_rfc3339_seconds(time).to_string()
}

/// A duration with units, such as `90s`, `8h` or `30days`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn writes_times_of_claims() {
        for (value, expected) in [
            (json!(0), Some("1970-01-01T00:00:00Z")),
            (json!(951_782_400.9), Some("2000-02-29T00:00:00Z")),
            (json!(4_102_444_800_u64), Some("2100-01-01T00:00:00Z")),
            (json!(253_402_300_799_u64), Some("9999-12-31T23:59:59Z")),
            (json!(253_402_300_800_u64), None),
            (json!(1_800_000_000_000_u64), None),
            (json!(-1), None),
            (json!(1e300), None),
            (json!("1"), None),
            (json!(null), None),
        ] {
            let found = time(&value).map(written);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn reads_durations() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5400)));
        assert!(parse_duration("5").is_err() && parse_duration("").is_err());
    }
}
