//! Numbers of JSON: their text, equality and order.

use std::cmp::Ordering;

use serde_json::{Number, Value};

/// A number with more digits before the point is written with an exponent.
const LONGEST: i32 = 21;

/// The text of a number. An integer of 64 bits that is written without a fraction and an exponent keeps its digits, and
/// everything else is written as RFC 8785 §3.2.2.3 (ECMAScript's `Number::toString`) has it: `1e3` is `1000`, `4.0` is
/// `4`, `-0` is `0`, `1e21` is `1e+21`.
///
/// Equal numbers have the same text. Templates, conditions and keys of an index use it.
#[must_use]
pub(crate) fn number_text(number: &Number) -> String {
    // The JSON library writes the shortest text that reads back as the same double, in its own notation.
    let shortest = number.to_string();
    if number.is_f64() {
        notation(&shortest).unwrap_or(shortest)
    } else {
        shortest
    }
}

/// Above 2^53, neighbouring integers have the same double.
pub(crate) const WHOLE_BELOW: f64 = 9_007_199_254_740_992.0;

/// The number, if it is a natural number. It may be written `308.0`: JSON that passed through a protobuf Struct has doubles only.
#[must_use]
pub(crate) fn natural(number: &Number) -> Option<u64> {
    number.as_u64().or_else(|| {
        let float = number.as_f64()?;
        let exact = float.fract() == 0.0 && (0.0..=WHOLE_BELOW).contains(&float);
        let exact = exact && float.is_sign_positive();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an integer, not negative and in range; a conversion through text would add the printing of floats to the module, 17 kB"
        )]
        exact.then_some(float as u64)
    })
}

/// Whether the number is above 2^53 and no integer of 64 bits: then several integers are read as this number.
#[must_use]
pub(crate) fn is_rounded(number: &Number) -> bool {
    let is_large = number
        .as_f64()
        .is_none_or(|double| double.abs() >= WHOLE_BELOW);
    number.is_f64() && is_large
}

/// Writes a decimal in the notation of ECMAScript.
fn notation(decimal: &str) -> Option<String> {
    let unsigned = decimal.strip_prefix('-');
    let (mantissa, exponent) = match unsigned.unwrap_or(decimal).split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned.unwrap_or(decimal), 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = [whole, fraction].concat();
    let significant = all.trim_start_matches('0');
    let zeros = i32::try_from(all.len().checked_sub(significant.len())?).ok()?;
    let digits = significant.trim_end_matches('0');
    if digits.is_empty() {
        return Some("0".to_owned());
    }
    // The value is 0.DIGITS times ten to the power of this.
    let point = i32::try_from(whole.len()).ok()?;
    let point = point.checked_sub(zeros)?.checked_add(exponent)?;
    let sign = unsigned.map_or("", |_| "-");
    Some([sign, &placed(digits, point)?].concat())
}

fn placed(digits: &str, point: i32) -> Option<String> {
    const ZEROS: &str = "000000000000000000000";
    if (-5..=0).contains(&point) {
        let zeros = ZEROS.get(..usize::try_from(point.unsigned_abs()).ok()?)?;
        return Some(["0.", zeros, digits].concat());
    }
    if (1..=LONGEST).contains(&point) {
        let before = usize::try_from(point).ok()?;
        return Some(match before.checked_sub(digits.len()) {
            Some(zeros) => [digits, ZEROS.get(..zeros)?].concat(),
            None => {
                let (whole, fraction) = digits.split_at_checked(before)?;
                [whole, ".", fraction].concat()
            }
        });
    }
    let (first, rest) = digits.split_at_checked(1)?;
    let dot = if rest.is_empty() { "" } else { "." };
    let exponent = point.checked_sub(1)?;
    let sign = if exponent < 0 { "" } else { "+" };
    Some([first, dot, rest, "e", sign, &exponent.to_string()].concat())
}

/// Whether two numbers have the same value: `1` equals `1.0`. Two integers are compared as integers, because neighbours
/// above 2^53 have the same double.
fn same_number(left: &Number, right: &Number) -> bool {
    match (left.is_f64(), right.is_f64()) {
        (false, false) => left == right,
        (true, true) => left.as_f64() == right.as_f64(),
        // Above 2^53 several integers have the same double, and the double has the text of at most one of them.
        _ => left.as_f64() == right.as_f64() && number_text(left) == number_text(right),
    }
}

/// Whether two JSON values are equal. Numbers at any depth compare by value.
#[must_use]
pub(crate) fn same_value(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => same_number(left, right),
        (Value::Array(left), Value::Array(right)) => {
            let same = |(left, right)| same_value(left, right);
            left.len() == right.len() && left.iter().zip(right).all(same)
        }
        (Value::Object(left), Value::Object(right)) => {
            let same = |(name, left)| right.get(name).is_some_and(|right| same_value(left, right));
            left.len() == right.len() && left.iter().all(same)
        }
        _ => left == right,
    }
}

/// The order of two numbers.
#[must_use]
pub(crate) fn order(left: &Number, right: &Number) -> Option<Ordering> {
    match (integer(left), integer(right)) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        // Where the integer has the same double, the rounding error decides.
        (Some(own), None) => Some(by_double(left, right)?.then_with(|| own.cmp(&whole(right)))),
        (None, Some(own)) => Some(by_double(left, right)?.then_with(|| whole(left).cmp(&own))),
        (None, None) => by_double(left, right),
    }
}

fn by_double(left: &Number, right: &Number) -> Option<Ordering> {
    left.as_f64()?.partial_cmp(&right.as_f64()?)
}

/// The integer that a double is equal to.
#[expect(
    clippy::cast_possible_truncation,
    reason = "it has the double of an integer of 64 bits"
)]
fn whole(number: &Number) -> i128 {
    number.as_f64().unwrap_or_default() as i128
}

fn integer(number: &Number) -> Option<i128> {
    let signed = number.as_i64().map(i128::from);
    signed.or_else(|| number.as_u64().map(i128::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(json: &str) -> String {
        number_text(&serde_json::from_str(json).unwrap())
    }

    /// RFC 8785, appendix B: the bits of a double, and its text.
    #[test]
    fn writes_numbers_as_appendix_b_of_the_rfc() {
        for (bits, written) in [
            (0x0000_0000_0000_0000_u64, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let number = Number::from_f64(f64::from_bits(bits)).unwrap();
            assert_eq!(number_text(&number), written, "{bits:x}");
            let read: Value = serde_json::from_str(written).unwrap();
            assert_eq!(read.as_f64(), Some(f64::from_bits(bits)), "{written}");
        }
        for bits in [0x7fff_ffff_ffff_ffff, 0x7ff0_0000_0000_0000] {
            assert_eq!(Number::from_f64(f64::from_bits(bits)), None);
        }
    }

    #[test]
    fn writes_each_notation_in_one_way() {
        for (json, written) in [
            ("1e3", "1000"),
            ("-0", "0"),
            ("-0.0", "0"),
            ("0e5", "0"),
            ("4.0", "4"),
            ("-4.50", "-4.5"),
            ("0.1", "0.1"),
            ("123.456", "123.456"),
            ("1e2", "100"),
            ("1e20", "100000000000000000000"),
            ("1e21", "1e+21"),
            ("-1.25E-7", "-1.25e-7"),
            ("1e-6", "0.000001"),
            ("1e-7", "1e-7"),
            ("7", "7"),
            ("9007199254740993", "9007199254740993"),
            ("-9223372036854775808", "-9223372036854775808"),
            ("18446744073709551615", "18446744073709551615"),
            ("18446744073709551616", "18446744073709552000"),
        ] {
            assert_eq!(text(json), written, "{json}");
        }
    }

    #[test]
    fn compares_numbers_by_value() {
        let read = |json: &str| serde_json::from_str::<Value>(json).unwrap();
        for (left, right, same) in [
            ("1", "1.0", true),
            ("1000", "1e3", true),
            ("0", "-0", true),
            ("-0.0", "0.0", true),
            ("1", "2", false),
            ("9007199254740993", "9007199254740992", false),
            ("9007199254740993", "9007199254740992.0", false),
            ("9007199254740992", "9007199254740992.0", true),
            ("1e-17", "0", false),
            ("[1, {\"a\": 2.0}]", "[1.0, {\"a\": 2}]", true),
            ("[1, 2]", "[1]", false),
            ("{\"a\": 1}", "{\"b\": 1}", false),
            ("{\"a\": 1}", "{\"a\": 1, \"b\": 1}", false),
            ("1", "\"1\"", false),
            ("1", "true", false),
            ("null", "null", true),
        ] {
            assert_eq!(
                same_value(&read(left), &read(right)),
                same,
                "{left} {right}"
            );
            assert_eq!(
                same_value(&read(right), &read(left)),
                same,
                "{left} {right}"
            );
        }
        assert!(order(&1.into(), &2.into()).unwrap().is_lt());
        assert!(order(&u64::MAX.into(), &i64::MIN.into()).unwrap().is_gt());
        let large = |text| serde_json::from_str::<Number>(text).unwrap();
        let (own, double) = (large("9007199254740993"), large("9007199254740992.0"));
        assert!(order(&own, &double).unwrap().is_gt() && order(&double, &own).unwrap().is_lt());
        let half = json!(0.5);
        let Value::Number(half) = half else { panic!() };
        assert!(order(&half, &1.into()).unwrap().is_lt());
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_double_comes_back(double in any::<f64>(), near in -1e25..1e25_f64) {
            for double in [double, near, near / 1e27] {
                let Some(number) = Number::from_f64(double) else { continue };
                let text = number_text(&number);
                prop_assert_eq!(text.parse::<f64>().unwrap(), double, "{}", text);
                // The JSON library reads it as the same number.
                let read = serde_json::from_str::<Value>(&text).unwrap();
                prop_assert_eq!(read.as_f64(), Some(double), "{}", text);
                let digits = text.split('e').next().unwrap().replace(['.', '-'], "");
                prop_assert!(digits.trim_matches('0').len() <= 17, "{}", text);
            }
        }

        #[test]
        fn the_same_number_has_one_text(left in any::<i64>(), right in any::<u64>(), small in -1000..1000_i32) {
            prop_assert_eq!(number_text(&left.into()), left.to_string());
            prop_assert_eq!(number_text(&right.into()), right.to_string());
            let double = Number::from_f64(f64::from(small)).unwrap();
            prop_assert_eq!(number_text(&double), small.to_string());
            prop_assert!(same_value(&Value::Number(double), &small.into()));
        }
    }
}
