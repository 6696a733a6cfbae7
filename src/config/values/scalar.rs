//! Numbers, percentages and bytes in hexadecimal.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, expected};
use crate::config::{ConfigErrors, Path};
use crate::number::natural;

/// A percentage, written `50%`: 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u8);

impl Percent {
    /// The percentage, 0 to 100.
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

/// Adds an error if the text isn't as expected.
pub(in crate::config) fn refuse<T>(
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

/// Digits only: no sign, no blanks.
pub(in crate::config) fn digits(text: &str) -> Option<u64> {
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    text.parse().ok()
}

/// An integer from `LEAST` to `MOST`.
pub(in crate::config) fn integer<const LEAST: u64, const MOST: u64, T: TryFrom<u64>>(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<T> {
    let Node::Number(number) = node else {
        return expected("a whole number", node, at, errors);
    };
    let read = natural(number).filter(|number| (LEAST..=MOST).contains(number));
    let read = read.and_then(|number| T::try_from(number).ok());
    if read.is_none() {
        errors.push(at, format!("must be a whole number from {LEAST} to {MOST}"));
    }
    read
}

/// An integer from -1000 to 1000.
pub(in crate::config) fn signed(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<i32> {
    let Node::Number(number) = node else {
        return expected("a whole number", node, at, errors);
    };
    let float = number.as_f64().filter(|float| float.fract() == 0.0);
    #[expect(clippy::cast_possible_truncation, reason = "an integer in range")]
    let read = float
        .filter(|float| (-1000.0..=1000.0).contains(float))
        .map(|float| float as i32);
    if read.is_none() {
        errors.push(at, "must be a whole number from -1000 to 1000");
    }
    read
}

/// `true`. `false` is refused, because the opposite has its own field.
pub(in crate::config) fn truth(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<bool> {
    let truth = bool::decode(node, at, errors)?;
    if !truth {
        errors.push(at, "must be `true` where it is written");
    }
    truth.then_some(truth)
}

/// The 32 bytes of a SHA-256, as 64 hexadecimal digits.
pub(in crate::config) fn digest(
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

pub(in crate::config) fn unhex(text: &str) -> Option<[u8; 32]> {
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

const fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit & 0xf),
        b'a'..=b'f' | b'A'..=b'F' => Some((digit & 0xf).wrapping_add(9)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers() {
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
            assert_eq!(natural(&number), expected, "{text}");
        }
    }

    #[test]
    fn reads_digests() {
        let text = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        let digest = unhex(text).unwrap();
        assert_eq!(digest[0], 0x9f);
        assert_eq!(digest[31], 0x08);
        assert_eq!(unhex(text.trim_start_matches('9')), None);
        assert_eq!(unhex(&text.replace('9', "g")), None);
        assert_eq!(unhex(&"é".repeat(32)), None);
    }
}
