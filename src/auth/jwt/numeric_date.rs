//! Times in claims (RFC 7519 §2, NumericDate).

use serde_json::Value;

use crate::time::Timestamp;

/// A number of seconds since the Unix epoch; it may have a fraction.
///
/// `None` for what is no number, and for [other times](Timestamp::from_seconds) than of this age.
#[must_use]
pub(super) fn numeric_date(value: &Value) -> Option<Timestamp> {
    Timestamp::from_seconds(value.as_f64()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<u64> {
        let value: Value = serde_json::from_str(text).unwrap();
        numeric_date(&value).map(Timestamp::as_nanos)
    }

    #[test]
    fn reads_seconds_with_and_without_a_fraction() {
        for (text, nanos) in [
            ("0", 0),
            ("-0", 0),
            ("-0.0", 0),
            ("1", 1_000_000_000),
            ("1.5", 1_500_000_000),
            ("1300819380", 1_300_819_380_000_000_000),
            ("1300819380.0", 1_300_819_380_000_000_000),
            ("1.30081938e9", 1_300_819_380_000_000_000),
            ("18446744074", u64::MAX),
            ("253402300799", u64::MAX),
        ] {
            assert_eq!(read(text), Some(nanos), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "-1",
            "-0.5",
            "253402300800",
            "1300819380000",
            "18446744073709551615",
            "1e300",
            "\"1300819380\"",
            "null",
            "true",
            "[1]",
            "{}",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
