//! Claims that are times.

use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::clock;

/// The names of claims that are times (RFC 7519 §4.1, OpenID Connect Core §2 and §5.1).
pub(super) const CLAIMS: [&str; 5] = ["exp", "nbf", "iat", "auth_time", "updated_at"];

/// The time that a claim stands for (RFC 7519 §2, NumericDate), and its text in UTC. It is from 1970 to 9999.
pub(super) fn time(value: &Value) -> Option<(SystemTime, String)> {
    let since = Duration::try_from_secs_f64(value.as_f64()?).ok()?;
    let time = SystemTime::UNIX_EPOCH.checked_add(since)?;
    Some((time, clock::written(time)?))
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
            let found = time(&value).map(|(_, text)| text);
            assert_eq!(found.as_deref(), expected, "{value}");
        }
    }
}
