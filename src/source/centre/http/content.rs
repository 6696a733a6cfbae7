//! What is posted for a document.

use serde_json::Value;

use crate::http::{Text, encode_form_value};
use crate::source::ReadRefusal;
use crate::strict_json;

const PLACEHOLDER: &str = "${key}";

/// How deep a value that holds the placeholder may lie in JSON.
const DEEPEST: u8 = 32;

/// The content of a request. The client of the gate may choose the key, so the key becomes a whole value, and nothing else in
/// the content depends on it.
#[derive(Debug)]
pub struct HttpContent(Content);

#[derive(Debug)]
enum Content {
    Fixed(Text),
    /// The text before the key, how the key is written, and the text after it.
    ByKey(Box<str>, Escape, Box<str>),
}

#[derive(Clone, Copy, Debug)]
enum Escape {
    Json,
    Form,
}

/// Why `${key}` can't stand in a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ContentError {
    /// In JSON it isn't one whole text.
    #[error(
        "`${{key}}` must be a whole text of the JSON, once, and not a name in it: `\"${{key}}\"`"
    )]
    NoText,
    /// In a form it isn't the value of one field.
    #[error("`${{key}}` must be the whole value of one field: `name=${{key}}`")]
    NoValue,
}

impl HttpContent {
    /// The same for all requests.
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self(Content::Fixed(Text::shared(text.as_bytes())))
    }

    /// The same, of a text that has an owner of its own.
    pub(super) const fn of_text(text: Text) -> Self {
        Self(Content::Fixed(text))
    }

    /// JSON with `${key}` as one of its texts.
    ///
    /// # Errors
    /// [`ContentError::NoText`].
    pub fn json(text: &str) -> Result<Self, ContentError> {
        let (before, after) = split(text).ok_or(ContentError::NoText)?;
        // Without it there is no such text: it isn't a name, and the text isn't another one that is written with escapes.
        let without = [before, after].concat();
        if (texts(text), texts(&without)) != (Some(1), Some(0)) {
            return Err(ContentError::NoText);
        }
        let before = before.strip_suffix('"');
        let parts = before.zip(after.strip_prefix('"'));
        let (before, after) = parts.ok_or(ContentError::NoText)?;
        Ok(Self::by_key(before, Escape::Json, after))
    }

    /// A form (`application/x-www-form-urlencoded`) with `${key}` as the value of one field.
    ///
    /// # Errors
    /// [`ContentError::NoValue`].
    pub fn form(text: &str) -> Result<Self, ContentError> {
        let is_value = |(before, after): &(&str, &str)| {
            before.ends_with('=') && (after.is_empty() || after.starts_with('&'))
        };
        let (before, after) = split(text).filter(is_value).ok_or(ContentError::NoValue)?;
        Ok(Self::by_key(before, Escape::Form, after))
    }

    fn by_key(before: &str, escape: Escape, after: &str) -> Self {
        Self(Content::ByKey(before.into(), escape, after.into()))
    }

    /// The content of a request that depends on no key any more.
    pub(super) fn text(&self) -> Text {
        match &self.0 {
            Content::Fixed(text) => text.clone(),
            Content::ByKey(..) => "".into(),
        }
    }

    /// The content for the entry of this key.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`]: a control byte, or in JSON no UTF-8.
    pub(super) fn fill(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        let (before, escape, after) = match &self.0 {
            Content::Fixed(text) => return Ok(Self(Content::Fixed(text.clone()))),
            Content::ByKey(before, escape, after) => (before, escape, after),
        };
        if key.iter().any(u8::is_ascii_control) {
            return Err(ReadRefusal::UnfitKey);
        }
        let mut content = before.as_bytes().to_vec();
        match escape {
            Escape::Json => {
                let key = std::str::from_utf8(key).map_err(|_| ReadRefusal::UnfitKey)?;
                content.extend_from_slice(Value::from(key).to_string().as_bytes());
            }
            Escape::Form => encode_form_value(&mut content, key),
        }
        content.extend_from_slice(after.as_bytes());
        Ok(Self(Content::Fixed(Text::Owned(content))))
    }
}

/// What stands before and after the placeholder, if it comes once.
fn split(text: &str) -> Option<(&str, &str)> {
    let (before, after) = text.split_once(PLACEHOLDER)?;
    (!after.contains(PLACEHOLDER)).then_some((before, after))
}

/// How many texts in JSON are the placeholder.
fn texts(json: &str) -> Option<usize> {
    let value = strict_json::value(json.as_bytes()).ok()?;
    Some(texts_in(&value, DEEPEST))
}

fn texts_in(value: &Value, levels: u8) -> usize {
    let Some(below) = levels.checked_sub(1) else {
        return 0;
    };
    match value {
        Value::String(text) => usize::from(text == PLACEHOLDER),
        Value::Array(items) => items.iter().map(|item| texts_in(item, below)).sum(),
        Value::Object(members) => members.values().map(|item| texts_in(item, below)).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(content: &HttpContent, key: &[u8]) -> Option<String> {
        let content = content.fill(key).ok()?;
        Some(String::from_utf8(content.text().to_vec()).unwrap())
    }

    #[test]
    fn a_key_is_one_text_of_json_whatever_it_holds() {
        let content = HttpContent::json(r#"{"q": ["${key}", 1], "more": "$x"}"#).unwrap();
        for (key, text) in [
            ("acme", r#"{"q": ["acme", 1], "more": "$x"}"#),
            (
                r#"a","admin":true,"b":"#,
                r#"{"q": ["a\",\"admin\":true,\"b\":", 1], "more": "$x"}"#,
            ),
            ("a\\", r#"{"q": ["a\\", 1], "more": "$x"}"#),
            ("é${key}", r#"{"q": ["é${key}", 1], "more": "$x"}"#),
            ("", r#"{"q": ["", 1], "more": "$x"}"#),
        ] {
            assert_eq!(filled(&content, key.as_bytes()).as_deref(), Some(text));
        }
        for unfit in [&b"a\nb"[..], b"a\0", b"\x7f", b"\xff", b"\xed\xa0\x80"] {
            assert_eq!(content.fill(unfit).err(), Some(ReadRefusal::UnfitKey));
        }
    }

    #[test]
    fn a_key_is_the_value_of_one_field() {
        for (form, key, text) in [
            ("id=${key}", "acme", "id=acme"),
            ("a=b&id=${key}&c=d", "x&admin=1", "a=b&id=x%26admin%3D1&c=d"),
            ("id=${key}", "a+b %41é", "id=a%2Bb%20%2541%C3%A9"),
        ] {
            let content = HttpContent::form(form).unwrap();
            assert_eq!(filled(&content, key.as_bytes()).as_deref(), Some(text));
        }
        let content = HttpContent::form("id=${key}").unwrap();
        assert_eq!(filled(&content, b"\xff").as_deref(), Some("id=%FF"));
        assert_eq!(content.fill(b"a\r\n").err(), Some(ReadRefusal::UnfitKey));
    }

    #[test]
    fn a_key_has_no_other_place() {
        let deep = format!("{}\"${{key}}\"{}", "[".repeat(40), "]".repeat(40));
        for json in [
            "",
            "${key}",
            r#"{"a": ${key}}"#,
            r#"{"a": "b"}"#,
            r#"{"a": "tenant-${key}"}"#,
            r#"{"a": "{ x(id: \"${key}\") }"}"#,
            r#"{"${key}": 1}"#,
            r#"{"a": "${key}", "b": "${key}"}"#,
            r#"{"a": "${key}", "${key}": 1}"#,
            r#"{"${key}": "\u0024{key}"}"#,
            r#"{"a": "\u0024{key}"}"#,
            &deep,
        ] {
            assert_eq!(
                HttpContent::json(json).err(),
                Some(ContentError::NoText),
                "{json}"
            );
        }
        for form in [
            "",
            "a=b",
            "${key}",
            "${key}=a",
            "a=x${key}",
            "a=${key}x",
            "a=${key}&b=${key}",
        ] {
            assert_eq!(
                HttpContent::form(form).err(),
                Some(ContentError::NoValue),
                "{form}"
            );
        }
        let fixed = HttpContent::new("${key}");
        assert_eq!(filled(&fixed, b"a").as_deref(), Some("${key}"));
    }
}
