//! The meaning of a plain scalar: one without quotes (YAML 1.2.2 §10.3.2). What YAML 1.1 and 1.2 read differently is text: `yes`,
//! `010`, `1_000`.

use serde_json::{Number, Value};

use crate::strict_json;

/// The value of a plain scalar.
pub(super) fn resolve(text: String) -> Value {
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(&text).map_or(Value::String(text), Value::Number),
    }
}

/// The number that a text is, unless it is too large, or not finite.
fn number(text: &str) -> Option<Number> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let first = unsigned.bytes().next()?;
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    let radixes = [("0o", 8), ("0x", 16)];
    for (prefix, radix) in radixes {
        if let Some(digits) = text.strip_prefix(prefix) {
            let read = u64::from_str_radix(digits, radix).ok();
            return read.filter(|_| !digits.starts_with('+')).map(Number::from);
        }
    }
    let is_plain = unsigned == "0" || first != b'0';
    if is_digits(unsigned) && !is_plain || !is_float(unsigned) {
        return None;
    }
    // The JSON library reads numbers already. Another reader of floats would have tables of its own, of 17 kB.
    let mut json = text.strip_prefix('+').unwrap_or(text).to_owned();
    if let Some(at) = json.find('.') {
        let behind = at.saturating_add(1);
        let is_digit = |at: usize| json.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
        let (has_whole, has_fraction) = (at.checked_sub(1).is_some_and(is_digit), is_digit(behind));
        if !has_fraction {
            json.insert(behind, '0');
        }
        if !has_whole {
            json.insert(at, '0');
        }
    }
    match strict_json::value(json.as_bytes()) {
        Ok(Value::Number(number)) => Some(number),
        _ => None,
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `[0-9]+(\.[0-9]*)?` or `\.[0-9]+`, and an exponent.
fn is_float(unsigned: &str) -> bool {
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let may_be = |text: &str| text.is_empty() || is_digits(text);
    let exponent = exponent.map(|exponent| exponent.strip_prefix(['+', '-']).unwrap_or(exponent));
    may_be(whole)
        && may_be(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(is_digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_core_schema() {
        for (text, value) in [
            ("", json!(null)),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("True", json!(true)),
            ("FALSE", json!(false)),
            ("0", json!(0)),
            ("-12", json!(-12)),
            ("+7", json!(7)),
            ("18446744073709551615", json!(u64::MAX)),
            ("0o17", json!(15)),
            ("0x1F", json!(31)),
            ("1.5", json!(1.5)),
            (".5", json!(0.5)),
            ("5.", json!(5.0)),
            ("-.5e1", json!(-5.0)),
            ("+1.e2", json!(100.0)),
            ("1e3", json!(1000.0)),
            ("-1.25E-2", json!(-0.0125)),
            (
                "18446744073709551616",
                json!(18_446_744_073_709_551_616_f64),
            ),
        ] {
            assert_eq!(resolve(text.to_owned()), value, "{text}");
        }
    }

    #[test]
    fn everything_else_is_text() {
        for text in [
            "no",
            "00.5",
            "01e2",
            "yes",
            "On",
            "y",
            "nULL",
            "010",
            "-010",
            "1_000",
            "0b11",
            "0o8",
            "0o",
            "0x",
            "0x+1",
            "-0x1F",
            "+0o7",
            "0xFFFFFFFFFFFFFFFFF",
            ".inf",
            "-.INF",
            ".nan",
            "1e999",
            "1.2.3",
            "1e",
            "e1",
            ".",
            "+",
            "-",
            "2026-01-02",
            "12:30:45",
            "1,5",
            "é",
            "- 1",
            "1 000",
        ] {
            assert_eq!(resolve(text.to_owned()), json!(text));
        }
    }
}
