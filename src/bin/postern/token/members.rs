//! JSON objects with their members in the order in which they are written.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;

/// The members of an object. A name that is twice in the text is twice here.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Members(pub(super) Vec<(String, Value)>);

impl Members {
    pub(super) fn parse(text: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(text)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(own, _)| own == name)
    }

    /// Replaces the value of a member, or adds the member at the end.
    pub(super) fn set(&mut self, name: &str, value: Value) {
        match self.0.iter_mut().find(|(own, _)| own == name) {
            Some((_, known)) => *known = value,
            None => self.0.push((name.to_owned(), value)),
        }
    }

    /// The object as JSON text.
    pub(super) fn to_text(&self) -> String {
        let each: Vec<String> = self
            .0
            .iter()
            .map(|(name, value)| format!("{}:{value}", Value::from(name.as_str())))
            .collect();
        format!("{{{}}}", each.join(","))
    }

    /// The object as a value. Of two members with the same name, it has the last one.
    pub(super) fn to_value(&self) -> Value {
        Value::Object(self.0.iter().cloned().collect())
    }
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Members::default();
        while let Some(member) = map.next_entry()? {
            members.0.push(member);
        }
        Ok(members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_order_and_repeated_members() {
        let text = r#"{"b":1,"a":{"x":null},"b":"\u0007"}"#;
        let mut members = Members::parse(text.as_bytes()).unwrap();
        assert_eq!(members.to_text(), text);
        assert!(members.has("a") && !members.has("x"));
        members.set("a", 2.into());
        members.set("c", 3.into());
        assert_eq!(members.to_text(), r#"{"b":1,"a":2,"b":"\u0007","c":3}"#);
        for wrong in ["[]", "1", "{} {}", "{\"a\":}", ""] {
            assert!(Members::parse(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }
}
