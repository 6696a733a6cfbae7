//! Numbers, durations, sizes, percentages and bytes in hexadecimal.

use std::time::Duration;

use super::decode::{Decode, expected};
use super::node::Node;
use super::{ConfigErrors, Path};

/// A share of a whole, written `50%`: 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// The share in hundredths.
    #[must_use]
    pub const fn hundredths(self) -> u8 {
        self.0
    }
}

impl Decode for Percent {
    fn decode(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Self> {
        let what = "a percentage such as `50%`";
        let Some(text) = node.as_text() else {
            return expected(what, node, at, errors);
        };
        let number = text.strip_suffix('%').and_then(digits);
        let read = number.and_then(|number| u8::try_from(number).ok());
        let share = read.filter(|share| *share <= 100).map(Self);
        refuse(
            share,
            "from `0%` to `100%`, without decimals",
            at,
            errors,
            what,
        )
    }
}

/// Notes that text isn't what it should be, where it isn't.
fn refuse<T>(
    read: Option<T>,
    hint: &str,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
    what: &str,
) -> Option<T> {
    if read.is_none() {
        errors.suggest(at, format!("not {what}"), hint);
    }
    read
}

/// Digits and nothing else: no sign, no blanks.
fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// A whole number, which may have come as `308.0`: JSON that passed through a protobuf Struct has doubles only.
fn whole(number: &serde_json::Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        // Above 2^53 a double no longer tells neighbours apart.
        let exact = float.fract() == 0.0 && (0.0..=9_007_199_254_740_992.0).contains(&float);
        digits(&exact.then(|| format!("{float:.0}"))?)
    })
}

/// A whole number from `LEAST` to `MOST`.
pub(super) fn integer<const LEAST: u64, const MOST: u64, T: TryFrom<u64>>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    let Node::Number(number) = node else {
        return expected("a whole number", node, at, errors);
    };
    let read = whole(number).filter(|number| (LEAST..=MOST).contains(number));
    let read = read.and_then(|number| T::try_from(number).ok());
    if read.is_none() {
        errors.push(at, format!("must be a whole number from {LEAST} to {MOST}"));
    }
    read
}

/// `true`, for fields that say what must be: their opposite has a name of its own.
pub(super) fn truth(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<bool> {
    let truth = bool::decode(node, at, errors)?;
    if !truth {
        errors.push(at, "must be `true` where it is written");
    }
    truth.then_some(truth)
}

/// A duration from `LEAST` to `MOST` milliseconds.
pub(super) fn duration<const LEAST: u64, const MOST: u64>(
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
        // What `find` has passed is gone: a unit can't come twice, nor before a larger one.
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(digits(number)?.checked_mul(*size)?)?;
        rest = after;
    }
    (!text.is_empty()).then_some(total)
}

/// The longest beginning of such bytes (all ASCII), not empty, and what follows.
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
pub(super) fn size<const LEAST: u64, const MOST: u64>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<usize> {
    let what = "a size such as `8Mi`";
    let read = match node {
        Node::Number(number) => whole(number),
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

/// The 32 bytes of a SHA-256, as 64 hexadecimal digits.
pub(super) fn digest(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<[u8; 32]> {
    let what = "64 hexadecimal digits";
    let Some(text) = node.as_text() else {
        return expected(what, node, at, errors);
    };
    refuse(unhex(text), "as `sha256sum` prints it", at, errors, what)
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    if text.len() != 64 {
        return None;
    }
    let mut digest = [0_u8; 32];
    for (byte, pair) in digest.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let [high, low] = pair else { return None };
        *byte = nibble(*high)? << 4 | nibble(*low)?;
    }
    Some(digest)
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
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
    fn durations_are_written_back() {
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
    fn sizes() {
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

    #[test]
    fn whole_numbers() {
        for (text, expected) in [
            ("308", Some(308)),
            ("308.0", Some(308)),
            ("3.08e2", Some(308)),
            ("0", Some(0)),
            ("-0.0", None),
            ("308.5", None),
            ("-1", None),
            ("1e300", None),
            ("18446744073709551615", Some(u64::MAX)),
        ] {
            let number = serde_json::from_str(text).unwrap();
            assert_eq!(whole(&number), expected, "{text}");
        }
    }

    #[test]
    fn digests() {
        let text = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let digest = unhex(text).unwrap();
        assert_eq!(digest[0], 0x9f);
        assert_eq!(digest[31], 0x08);
        assert_eq!(unhex(text.trim_start_matches('9')), None);
        assert_eq!(unhex(&text.replace('9', "g")), None);
        assert_eq!(unhex(&"é".repeat(32)), None);
    }
}
