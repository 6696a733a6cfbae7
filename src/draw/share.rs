//! Shares of all keys: the same keys in every worker, gateway and version of the module, and more keys for a greater share.

use serde_json::Value;

use crate::number::number_text;
use crate::random::mix;

use super::{DrawKey, Ticket};

/// A share of all keys, in millionths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Share(u32);

/// All keys.
const WHOLE: u32 = 1_000_000;

/// One percent.
const PERCENT: u32 = WHOLE / 100;

/// The digits after the point of a percentage that count.
const DECIMALS: usize = 4;

impl Share {
    /// No key.
    pub(crate) const NONE: Self = Self(0);
    /// Every key.
    pub(crate) const ALL: Self = Self(WHOLE);

    /// The share that a document states: a boolean, a percentage, or a map with `enabled` and `percentage`. Both may be text, as in
    /// documents that have nothing else. `None` for anything else.
    #[must_use]
    pub(crate) fn of(value: &Value) -> Option<Self> {
        let Value::Object(map) = value else {
            return Self::plain(value);
        };
        let percentage = map.get("percentage").map(Self::plain);
        match map.get("enabled").map(truth) {
            Some(enabled) if !enabled? => Some(Self::NONE),
            Some(_) => percentage.unwrap_or(Some(Self::ALL)),
            None => percentage?,
        }
    }

    fn plain(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => Self::percentage(&number_text(number)),
            Value::String(text) => match truth(value) {
                Some(truth) => Some(Self::all_or_none(truth)),
                None => Self::percentage(text.strip_suffix('%').unwrap_or(text)),
            },
            Value::Bool(truth) => Some(Self::all_or_none(*truth)),
            Value::Null | Value::Array(_) | Value::Object(_) => None,
        }
    }

    const fn all_or_none(truth: bool) -> Self {
        if truth { Self::ALL } else { Self::NONE }
    }

    /// A decimal number from 0 to 100. Digits after the fourth one of its fraction don't count.
    fn percentage(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let are_digits = |text: &str| {
            let is_digit = |byte: u8| byte.is_ascii_digit();
            !text.is_empty() && text.bytes().all(is_digit)
        };
        if !are_digits(whole) || !are_digits(fraction) {
            return None;
        }
        let decimals = fraction.bytes().chain([b'0'; DECIMALS]).take(DECIMALS);
        let digits = whole.bytes().chain(decimals);
        let millionths = digits.into_iter().try_fold(0_u32, |sum, digit| {
            let digit = digit.wrapping_sub(b'0');
            sum.checked_mul(10)?.checked_add(u32::from(digit))
        })?;
        let is_within = millionths < WHOLE || millionths == WHOLE && is_zero(fraction);
        is_within.then_some(Self(millionths))
    }

    /// Whether it is all keys, or none. Then no key has to be drawn.
    #[must_use]
    pub(crate) const fn is_plain(self) -> bool {
        matches!(self, Self::ALL | Self::NONE)
    }

    /// Whether a key is in the share. `ticket` tells apart what shares are of.
    #[must_use]
    pub(crate) fn has(self, key: DrawKey, ticket: Ticket) -> bool {
        // A number from 0 on, below a million.
        let place = (mix(key.0 ^ ticket.0) >> 32).wrapping_mul(u64::from(WHOLE)) >> 32;
        place < u64::from(self.0)
    }

    /// The percentage as text.
    #[must_use]
    pub(crate) fn to_text(self) -> String {
        let (whole, rest) = (self.0 / PERCENT, self.0 % PERCENT);
        if rest == 0 {
            return format!("{whole} %");
        }
        let fraction = format!("{rest:04}");
        format!("{whole}.{} %", fraction.trim_end_matches('0'))
    }
}

fn is_zero(digits: &str) -> bool {
    digits.bytes().all(|digit| digit == b'0')
}

/// A boolean, or its text.
fn truth(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(truth) => Some(*truth),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn users(count: usize) -> impl Iterator<Item = DrawKey> {
        (0..count).map(|user| DrawKey::of(format!("user-{user}").as_bytes()))
    }

    #[test]
    fn reads_what_documents_state() {
        for (value, expected) in [
            (json!(true), Some(WHOLE)),
            (json!(false), Some(0)),
            (json!(0), Some(0)),
            (json!(100), Some(WHOLE)),
            (json!(100.0), Some(WHOLE)),
            (json!(5), Some(50_000)),
            (json!(12.5), Some(125_000)),
            (json!(0.0001), Some(1)),
            (json!(33.333_333_333_3), Some(333_333)),
            (json!("true"), Some(WHOLE)),
            (json!("false"), Some(0)),
            (json!("25"), Some(250_000)),
            (json!("25%"), Some(250_000)),
            (json!("0.5%"), Some(5_000)),
            (json!({"percentage": 50}), Some(500_000)),
            (
                json!({"percentage": "50", "enabled": "true"}),
                Some(500_000),
            ),
            (json!({"percentage": 50, "enabled": false}), Some(0)),
            (json!({"enabled": true, "owner": "a"}), Some(WHOLE)),
            (json!({"percentage": true}), Some(WHOLE)),
        ] {
            assert_eq!(Share::of(&value), expected.map(Share), "{value}");
        }
    }

    #[test]
    fn nothing_else_is_a_share() {
        for value in [
            json!(null),
            json!(-1),
            json!(100.1),
            json!("100.00001"),
            json!(101),
            json!(1e-7),
            json!(1e300),
            json!(u64::MAX),
            json!(""),
            json!("%"),
            json!("5 %"),
            json!("5%%"),
            json!("+5"),
            json!("5."),
            json!(".5"),
            json!("True"),
            json!("99999999999999999999"),
            json!("on"),
            json!([]),
            json!([true]),
            json!({}),
            json!({"enabled": 1}),
            json!({"enabled": null}),
            json!({"enabled": true, "percentage": null}),
            json!({"enabled": "yes", "percentage": 5}),
            json!({"percentage": {"percentage": 5}}),
        ] {
            assert_eq!(Share::of(&value), None, "{value}");
        }
    }

    /// Another program computed these. They must never change: users would lose what they have.
    #[test]
    fn has_the_keys_that_it_always_had() {
        let ticket = Ticket::of(b"flag:new-checkout");
        let ten = Share(100_000);
        let of_users: Vec<_> = users(100)
            .enumerate()
            .filter(|(_, key)| ten.has(*key, ticket))
            .map(|(user, _)| user)
            .collect();
        assert_eq!(of_users, GOLDEN_USERS);
        for (key, place) in GOLDEN_PLACES {
            let key = DrawKey::of(key.as_bytes());
            assert!(!Share(place).has(key, ticket), "{key:?}");
            assert!(Share(place + 1).has(key, ticket), "{key:?}");
        }
    }

    const GOLDEN_USERS: [usize; 5] = [3, 12, 13, 63, 76];
    const GOLDEN_PLACES: [(&str, u32); 9] = [
        ("alice", 270662),
        ("bob", 321776),
        ("carol", 699783),
        ("dave", 587043),
        ("erin", 569647),
        ("ann", 959891),
        ("", 9322),
        ("10.0.0.1", 767871),
        ("zoë", 618484),
    ];

    #[test]
    fn a_greater_share_has_the_keys_of_a_smaller_one() {
        let ticket = Ticket::of(b"flag:a");
        for key in users(2000) {
            let places = [0, 10_000, 50_000, 500_000, 999_999, WHOLE];
            let has = places.map(|share| Share(share).has(key, ticket));
            assert!(has.is_sorted());
            assert!(!Share::NONE.has(key, ticket));
            assert!(Share::ALL.has(key, ticket));
        }
    }

    #[test]
    fn is_as_large_as_it_says_and_each_flag_draws_for_itself() {
        let (one, other) = (Ticket::of(b"flag:a"), Ticket::of(b"flag:b"));
        let share = Share(100_000);
        let count = users(100_000).filter(|key| share.has(*key, one)).count();
        assert!((9_600..=10_400).contains(&count), "{count}");
        let both = users(100_000)
            .filter(|key| share.has(*key, one) && share.has(*key, other))
            .count();
        assert!((870..=1_130).contains(&both), "{both}");
    }

    #[test]
    fn tells_its_percentage() {
        for (share, text) in [
            (0, "0 %"),
            (WHOLE, "100 %"),
            (125_000, "12.5 %"),
            (1, "0.0001 %"),
        ] {
            assert_eq!(Share(share).to_text(), text);
        }
    }
}
