//! A parsed document. It keeps the order of fields and duplicate keys, so that both can be reported.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// A value of a JSON document, borrowed from its text where possible. The parser bounds its depth (128).
#[derive(Clone, Debug, PartialEq)]
pub(in crate::config) enum Node<'a> {
    Null,
    Bool(bool),
    Number(Number),
    String(Cow<'a, str>),
    List(Vec<Self>),
    Map(Vec<(Cow<'a, str>, Self)>),
}

impl<'a> Node<'a> {
    /// Reads JSON text.
    pub(in crate::config) fn parse(text: &'a [u8]) -> Result<Self, serde_json::Error> {
        let mut reader = serde_json::Deserializer::from_slice(text);
        let node = Node::deserialize(&mut reader)?;
        reader.end()?;
        Ok(node)
    }

    /// The name of its type, for messages that must not quote the value.
    pub(in crate::config) const fn kind(&self) -> &'static str {
        match self {
            Self::Null => "`null`",
            Self::Bool(_) => "true or false",
            Self::Number(_) => "a number",
            Self::String(_) => "text",
            Self::List(_) => "a list",
            Self::Map(_) => "a map",
        }
    }

    /// The first value of a field.
    pub(in crate::config) fn entry(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find_map(|(key, value)| (key == name).then_some(value)),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::List(_) => None,
        }
    }

    /// The fields of a map in their order; empty for other values.
    pub(in crate::config) fn entries(&self) -> &[(Cow<'a, str>, Self)] {
        match self {
            Self::Map(entries) => entries,
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) | Self::List(_) => &[],
        }
    }

    pub(in crate::config) fn as_text(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::List(_) | Self::Map(_) => None,
        }
    }
}

impl<'a> From<&'a serde_json::Value> for Node<'a> {
    fn from(value: &'a serde_json::Value) -> Self {
        match value {
            serde_json::Value::Null => Self::Null,
            serde_json::Value::Bool(value) => Self::Bool(*value),
            serde_json::Value::Number(number) => Self::Number(number.clone()),
            serde_json::Value::String(text) => Self::String(Cow::Borrowed(text)),
            serde_json::Value::Array(list) => Self::List(list.iter().map(Node::from).collect()),
            serde_json::Value::Object(map) => {
                let entry = |(key, value): (&'a String, &'a serde_json::Value)| {
                    (Cow::Borrowed(key.as_str()), Node::from(value))
                };
                Self::Map(map.iter().map(entry).collect())
            }
        }
    }
}

impl<'a> From<&'a str> for Node<'a> {
    fn from(text: &'a str) -> Self {
        Self::String(Cow::Borrowed(text))
    }
}

impl From<bool> for Node<'_> {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<u32> for Node<'_> {
    fn from(number: u32) -> Self {
        Self::Number(Number::from(number))
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::from(number)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(Number::from(number)))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node<'de>, E> {
        Number::from_f64(number)
            .map(Node::Number)
            .ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::String(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        while let Some((Key(key), value)) = map.next_entry()? {
            entries.push((key, value));
        }
        Ok(Node::Map(entries))
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

/// A key, borrowed where it has no escapes (serde's own `Cow` always copies).
struct Key<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Key<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Node::deserialize(deserializer)? {
            Node::String(text) => Ok(Self(text)),
            Node::Null | Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Map(_) => {
                Err(D::Error::custom("a key is text"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_order_and_duplicates() {
        let node = Node::parse(br#"{"b": 1, "a": [null, true, "x\n", 1.5, -2], "b": {}}"#).unwrap();
        let Node::Map(entries) = &node else {
            panic!("no map")
        };
        let keys: Vec<_> = entries.iter().map(|(key, _)| key.as_ref()).collect();
        assert_eq!(keys, ["b", "a", "b"]);
        assert_eq!(node.entry("b"), Some(&Node::from(1)));
    }

    #[test]
    fn refuses_invalid_json() {
        let deep = "[".repeat(100_000);
        for text in [
            "",
            " ",
            "{",
            "{}{}",
            "NaN",
            "1e999",
            r#""\ud800""#,
            r#"{"\ud800": 1}"#,
            "[1,]",
            &deep,
        ] {
            assert!(Node::parse(text.as_bytes()).is_err(), "{text:.20}");
        }
        assert!(Node::parse(b"\"\xff\"").is_err());
    }
}
