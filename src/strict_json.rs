//! JSON that can be read in one way only (RFC 7515 §4, RFC 7519 §4).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest.
const DEEPEST: u8 = 32;

/// Reads a JSON object. It is read as documents are, so its numbers have the same text in templates.
///
/// The value takes up to about a hundred times as much memory as the text: the smallest object with a member has room for
/// eleven.
///
/// `None` for other values, a name that comes twice at any depth, more than 32 levels, bytes behind it, a byte order
/// mark, invalid UTF-8, half of a surrogate pair and a number that no double can hold.
#[must_use]
pub fn object(text: &[u8]) -> Option<Value> {
    object_counted(text, &PartCount::default())
}

/// How many parts of JSON were read: the members of objects, and the lists and objects that aren't empty. Each takes memory of
/// its own, so most of the time goes into these.
#[derive(Debug, Default)]
pub struct PartCount(Cell<usize>);

impl PartCount {
    /// The number.
    #[must_use]
    pub fn parts(&self) -> usize {
        self.0.get()
    }

    fn add_one(&self) {
        self.0.set(self.0.get().saturating_add(1));
    }
}

/// Reads any JSON value in which no name comes twice, as deep as the library goes.
///
/// # Errors
/// Those of the library. They name a position, and never show the text.
pub(crate) fn value(text: &[u8]) -> serde_json::Result<Value> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let (levels, count) = (u8::MAX, &PartCount::default());
    let value = Strict { levels, count }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// The same as [`object`]. Counts the parts that were read, also if the text is refused in the end.
#[must_use]
pub(crate) fn object_counted(text: &[u8], count: &PartCount) -> Option<Value> {
    let mut reader = serde_json::Deserializer::from_slice(text);
    let levels = DEEPEST;
    let value = Strict { levels, count }.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    value.is_object().then_some(value)
}

/// Reads one value with so many levels at most.
#[derive(Clone, Copy)]
struct Strict<'c> {
    levels: u8,
    count: &'c PartCount,
}

impl Strict<'_> {
    fn below<E: Error>(self) -> Result<Self, E> {
        let levels = self.levels.checked_sub(1);
        let levels = levels.ok_or_else(|| E::custom("nested too deep"))?;
        Ok(Self { levels, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        let number = Number::from_f64(number).map(Value::Number);
        number.ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(below)? {
            if items.is_empty() {
                self.count.add_one();
            }
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let below = self.below()?;
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if map.is_empty() {
                self.count.add_one();
            }
            self.count.add_one();
            let value = members.next_value_seed(below)?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("a name that comes twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::number_text;

    #[test]
    fn reads_what_documents_read() {
        for text in [
            "{}",
            " { } \r\n\t",
            r#"{"a": [null, true, -1, 18446744073709551615, 1.5e3, "\u00e9\ud83d\ude00é\n"], "": {"a": {"a": 1}}}"#,
            r#"{"a": 123456789012345678901234567890, "b": -0, "c": 0.1}"#,
            r#"{"A": 1, "a": 2}"#,
        ] {
            let read: Value = serde_json::from_str(text).unwrap();
            assert_eq!(object(text.as_bytes()), Some(read), "{text}");
        }
        let value = object(br#"{"a": 1e3, "b": 1696969696.0}"#).unwrap();
        let text = |name| value.get(name).and_then(Value::as_number).map(number_text);
        assert_eq!(text("a").as_deref(), Some("1000"));
        assert_eq!(text("b").as_deref(), Some("1696969696"));
        let deep = |levels| format!("{{\"a\":{}{}}}", "[".repeat(levels), "]".repeat(levels));
        assert!(object(deep(31).as_bytes()).is_some());
        assert!(object(deep(32).as_bytes()).is_none());
        assert!(object(deep(100_000).as_bytes()).is_none());
    }

    #[test]
    fn counts_the_parts_of_refused_texts_too() {
        for (text, parts) in [
            ("{}", 0),
            (r#"{"a": 1}"#, 2),
            (r#"{"a": [], "b": {}, "c": "x"}"#, 4),
            (r#"{"a": [1, 2, 3], "b": {"c": 1}}"#, 6),
            (r#"{"a": [1], "a": 1}"#, 4),
            (r#"{"a": [1, 2"#, 3),
        ] {
            let count = PartCount::default();
            let _ = object_counted(text.as_bytes(), &count);
            assert_eq!(count.parts(), parts, "{text}");
        }
    }

    #[test]
    fn refuses_what_can_be_read_in_two_ways() {
        for text in [
            r#"{"a": 1, "a": 1}"#,
            r#"{"a": 1, "\u0061": 2}"#,
            r#"{"a": {"b": 1, "c": 2, "b": 3}}"#,
            r#"{"a": [{"b": 1, "b": 1}]}"#,
            "{} {}",
            "{}x",
            "{}\0",
            "{},",
            "\u{feff}{}",
            r#"{"a": "\ud800"}"#,
            r#"{"a": "\udc00\ud800"}"#,
            r#"{"\ud800": 1}"#,
            r#"{"a": 1e999}"#,
            r#"{"a": 01}"#,
            r#"{"a": +1}"#,
            r#"{"a": .5}"#,
            r#"{"a": NaN}"#,
            r#"{"a": 0x1}"#,
            r#"{"a": 1,}"#,
            r#"{a: 1}"#,
            r#"{'a': 1}"#,
            r#"{"a": "x	y"}"#,
            "{\"a\": 1 // note\n}",
            r#"{1: 1}"#,
            "",
            " ",
            "{",
            "[]",
            "[{}]",
            "null",
            "\"{}\"",
            "7",
        ] {
            assert_eq!(object(text.as_bytes()), None, "{text}");
        }
        for bytes in [
            &b"{\"a\": \"\xff\"}"[..],
            b"{\"\xc3\": 1}",
            b"{\"a\": \"\xed\xa0\x80\"}",
            b"{\xff}",
            b"\xff\xfe{\0}\0",
        ] {
            assert_eq!(object(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
