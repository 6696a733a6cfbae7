//! Consumer records from programs: `null` for absent fields, numbers instead of names.

use std::borrow::Cow;

use serde_json::{Number, Value};

use crate::config::decode::node::Node;
use crate::number::WHOLE_BELOW;

/// Converts a record for the strict decoder. It removes known fields that are `null`, and replaces a number, `true` or
/// `false` by its text where a name, a group or a label's value is expected. A number is never converted to a key: leading
/// zeros and trailing digits would be lost.
pub(in crate::config) fn consumer(record: &Value) -> Node<'_> {
    let mut record = Node::from(record);
    for (name, value) in fields(&mut record, &["name", "groups", "labels", "credentials"]) {
        match name.as_ref() {
            "name" => text(value),
            "groups" => list(value).iter_mut().for_each(text),
            "labels" => fields(value, &[])
                .iter_mut()
                .for_each(|(_, value)| text(value)),
            "credentials" => list(value).iter_mut().for_each(credential),
            _ => {}
        }
    }
    record
}

fn credential(credential: &mut Node<'_>) {
    for (_, api_key) in fields(credential, &["apiKey"]) {
        for (name, value) in fields(api_key, &["provider", "id", "sha256", "value", "env"]) {
            if matches!(name.as_ref(), "provider" | "id") {
                text(value);
            }
        }
    }
}

/// The fields of a map without the known fields that are `null`. An empty `known` means that all fields are known.
// Inlined, this and `text` would cost the module three kilobytes.
#[inline(never)]
fn fields<'n, 'v>(node: &'n mut Node<'v>, known: &[&str]) -> &'n mut [(Cow<'v, str>, Node<'v>)] {
    let Node::Map(fields) = node else {
        return &mut [];
    };
    fields.retain(|(name, value)| {
        let is_known = known.is_empty() || known.contains(&name.as_ref());
        *value != Node::Null || !is_known
    });
    fields
}

fn list<'n, 'v>(node: &'n mut Node<'v>) -> &'n mut [Node<'v>] {
    match node {
        Node::List(list) => list,
        Node::Null | Node::Bool(_) | Node::Number(_) | Node::String(_) | Node::Map(_) => &mut [],
    }
}

#[inline(never)]
fn text(node: &mut Node<'_>) {
    let text = match node {
        Node::Bool(true) => Some(Cow::Borrowed("true")),
        Node::Bool(false) => Some(Cow::Borrowed("false")),
        Node::Number(number) => digits(number).map(Cow::Owned),
        Node::Null | Node::String(_) | Node::List(_) | Node::Map(_) => None,
    };
    if let Some(text) = text {
        *node = Node::String(text);
    }
}

/// The text of a number: the digits of an integer, also if it is written `7.0` or `7e0`; the shortest decimal form of other
/// numbers. `None` for numbers so large that neighbours have the same double.
fn digits(number: &Number) -> Option<String> {
    if !number.is_f64() {
        return Some(number.to_string());
    }
    let float = number.as_f64()?;
    if float.abs() >= WHOLE_BELOW {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an integer in range")]
    let whole = (float.fract() == 0.0).then_some(float as i64);
    Some(
        whole
            .map_or_else(|| number.clone(), Number::from)
            .to_string(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn converts_numbers_to_text() {
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
            ("9007199254740991.0", Some("9007199254740991")),
            ("9007199254740992.0", None),
            ("1e16", None),
            ("123456789012345678901234567890", None),
        ] {
            let number: Number = serde_json::from_str(written).unwrap();
            assert_eq!(digits(&number).as_deref(), read, "{written}");
        }
    }
}
