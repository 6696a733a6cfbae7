//! Durations and sizes.

use std::time::Duration;

use crate::config::decode::expected;
use crate::config::decode::node::Node;
use crate::config::values::scalar::{digits, refuse};
use crate::config::{ConfigErrors, Path};
use crate::number::natural;

/// A duration from `LEAST` to `MOST` milliseconds.
pub(in crate::config) fn duration<const LEAST: u64, const MOST: u64>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Duration> {
    let what = "a duration such as `5s`";
    let Some(text) = node.as_text() else {
        return expected(what, node, at, errors);
    };
    let read = milliseconds(text);
    let read = refuse(
        read,
        "units are `h`, `m`, `s` and `ms`, as in `1h30m`",
        at,
        errors,
        what,
    )?;
    if (LEAST..=MOST).contains(&read) {
        return Some(Duration::from_millis(read));
    }
    let reason = format!("must be from {} to {}", written(LEAST), written(MOST));
    errors.push(at, reason);
    None
}

/// Units from the largest to the smallest, each at most once and in this order.
const UNITS: [(&str, u64); 4] = [("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

fn milliseconds(text: &str) -> Option<u64> {
    let mut rest = text;
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let (number, after) = leading(rest, |byte| byte.is_ascii_digit())?;
        let (unit, after) = leading(after, |byte| byte.is_ascii_alphabetic())?;
        // `find` consumes the units: a unit can't come twice, or before a larger one.
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(digits(number)?.checked_mul(*size)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// Splits off the longest prefix of such bytes (all ASCII). The prefix isn't empty.
fn leading(text: &str, wanted: fn(&u8) -> bool) -> Option<(&str, &str)> {
    let length = text.bytes().take_while(wanted).count();
    text.split_at_checked(length)
        .filter(|(taken, _)| !taken.is_empty())
}

fn written(milliseconds: u64) -> String {
    let fits = UNITS
        .iter()
        .find(|(_, size)| milliseconds.checked_rem(*size) == Some(0) && milliseconds >= *size);
    let (unit, size) = fits.unwrap_or(&("s", 1));
    format!(
        "{}{unit}",
        milliseconds.checked_div(*size).unwrap_or_default()
    )
}

/// A number of bytes from `LEAST` to `MOST`: `1000`, `64Ki`, `8Mi`.
pub(in crate::config) fn size<const LEAST: u64, const MOST: u64>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<usize> {
    let what = "a size such as `8Mi`";
    let read = match node {
        Node::Number(number) => natural(number),
        Node::String(text) => bytes(text),
        Node::Null | Node::Bool(_) | Node::List(_) | Node::Map(_) => {
            return expected(what, node, at, errors);
        }
    };
    let read = refuse(
        read,
        "bytes, or a whole number with `Ki`, `Mi` or `Gi`",
        at,
        errors,
        what,
    )?;
    let fits = (LEAST..=MOST).contains(&read);
    let read = usize::try_from(read).ok().filter(|_| fits);
    if read.is_none() {
        errors.push(at, format!("must be from {LEAST} to {MOST} bytes"));
    }
    read
}

fn bytes(text: &str) -> Option<u64> {
    let (number, unit) = leading(text, |byte| byte.is_ascii_digit())?;
    let unit = match unit {
        "" => 1,
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    digits(number)?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        for (text, expected) in [
            ("5s", Some(5_000)),
            ("250ms", Some(250)),
            ("10m", Some(600_000)),
            ("24h", Some(86_400_000)),
            ("1h30m", Some(5_400_000)),
            ("1m500ms", Some(60_500)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("s", None),
            ("-5s", None),
            ("1.5s", None),
            ("5 s", None),
            ("5S", None),
            ("30m1h", None),
            ("1s1s", None),
            ("1d", None),
            ("99999999999999999h", None),
            ("99999999999999999999999s", None),
            ("５s", None),
        ] {
            assert_eq!(milliseconds(text), expected, "{text}");
        }
    }

    #[test]
    fn writes_durations() {
        for (milliseconds, expected) in [
            (0, "0s"),
            (100, "100ms"),
            (1_500, "1500ms"),
            (60_000, "1m"),
            (90_000, "90s"),
            (86_400_000, "24h"),
        ] {
            assert_eq!(written(milliseconds), expected);
        }
    }

    #[test]
    fn reads_sizes() {
        for (text, expected) in [
            ("1000", Some(1000)),
            ("64Ki", Some(65_536)),
            ("8Mi", Some(8_388_608)),
            ("1Gi", Some(1_073_741_824)),
            ("8M", None),
            ("8mi", None),
            ("Mi", None),
            ("1.5Mi", None),
            ("-1", None),
            ("99999999999999999Gi", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }
}
