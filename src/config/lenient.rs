//! A consumer's record as programs write it: `null` for what they leave out, numbers where a name is wanted.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::node::Node;
use super::scalar::WHOLE_BELOW;

/// The record for the language's own decoder, which is strict: a known field that is `null` is left out, and a number, `true`
/// or `false` is its text where a name, a group or a label's value is wanted. A key is never made of a number: what stood
/// before its first digit, or behind its last that counts, would be lost.
pub(super) fn consumer(record: &Value) -> Node<'_> {
    fields(record, |name, value| match name {
        "name" => Some(text(value)),
        "groups" => Some(list(value, text)),
        "labels" => Some(fields(value, |_, value| Some(text(value)))),
        "credentials" => Some(list(value, credential)),
        _ => None,
    })
}

fn credential(record: &Value) -> Node<'_> {
    fields(record, |kind, value| {
        (kind == "apiKey").then(|| api_key(value))
    })
}

fn api_key(record: &Value) -> Node<'_> {
    fields(record, |name, value| match name {
        "provider" | "id" => Some(text(value)),
        "sha256" | "value" | "env" => Some(Node::from(value)),
        _ => None,
    })
}

/// A map, of whose known fields those that are `null` are left out. `read` knows which are; the others stay as they are.
fn fields<'v>(record: &'v Value, read: impl Fn(&str, &'v Value) -> Option<Node<'v>>) -> Node<'v> {
    let Value::Object(fields) = record else {
        return Node::from(record);
    };
    let mut kept = Vec::with_capacity(fields.len());
    for (name, value) in entries(fields) {
        match read(name, value) {
            Some(Node::Null) => {}
            Some(node) => kept.push((Cow::Borrowed(name), node)),
            None => kept.push((Cow::Borrowed(name), Node::from(value))),
        }
    }
    Node::Map(kept)
}

fn entries(fields: &Map<String, Value>) -> impl Iterator<Item = (&str, &Value)> {
    fields.iter().map(|(name, value)| (name.as_str(), value))
}

fn list<'v>(value: &'v Value, entry: fn(&'v Value) -> Node<'v>) -> Node<'v> {
    match value {
        Value::Array(entries) => Node::List(entries.iter().map(entry).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            Node::from(value)
        }
    }
}

fn text(value: &Value) -> Node<'_> {
    let text = match value {
        Value::Bool(true) => Some("true".to_owned()),
        Value::Bool(false) => Some("false".to_owned()),
        Value::Number(number) => digits(number),
        Value::Null | Value::String(_) | Value::Array(_) | Value::Object(_) => None,
    };
    text.map_or_else(|| Node::from(value), |text| Node::String(Cow::Owned(text)))
}

/// A number as text: a whole one by its digits, also where it was written `7.0` or `7e0`; any other in its shortest decimal
/// form. None where it is so large that a double no longer tells neighbours apart.
fn digits(number: &Number) -> Option<String> {
    if !number.is_f64() {
        return Some(number.to_string());
    }
    let float = number.as_f64()?;
    if float.abs() > WHOLE_BELOW {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "whole and in range")]
    let whole = (float.fract() == 0.0).then_some(float as i64);
    Some(whole.map_or_else(|| number.to_string(), |whole| whole.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_text() {
        for (written, read) in [
            ("7", Some("7")),
            ("-7", Some("-7")),
            ("18446744073709551615", Some("18446744073709551615")),
            ("7.0", Some("7")),
            ("-7.0", Some("-7")),
            ("1e3", Some("1000")),
            ("-0.0", Some("0")),
            ("1.50", Some("1.5")),
            ("1e-3", Some("0.001")),
            ("9007199254740992.0", Some("9007199254740992")),
            ("1e16", None),
            ("123456789012345678901234567890", None),
        ] {
            let number: Number = serde_json::from_str(written).unwrap();
            assert_eq!(digits(&number).as_deref(), read, "{written}");
        }
    }
}
