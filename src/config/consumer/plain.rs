//! A fast parser for the usual form of a consumer record. It makes no copies.
//!
//! A document may have a hundred thousand records and is read while requests wait. The usual record is parsed directly from
//! its text. A record with anything unusual (an escape, a letter outside of ASCII, an unknown field, an error) is left to the
//! general decoders, which are slower and report errors.

use crate::config::values::scalar::unhex;
use crate::config::{ApiKeyRef, ConsumerRef, CredentialRef, KeyRef};

/// Parses the record at the start of the text and returns it with its length. `None` where it has an unusual form. The
/// general decoder gives the same result.
pub(in crate::config) fn consumer(text: &[u8]) -> Option<(ConsumerRef<'_>, usize)> {
    let mut reader = RecordParser { text, at: 0 };
    let mut name = None;
    let mut groups = None;
    let mut labels = None;
    let mut credentials = None;
    reader.map(|reader, key| match key {
        "name" => once(&mut name, filled(reader.string()?)?),
        "groups" => once(&mut groups, reader.given(|reader| reader.list(group))?),
        "labels" => once(&mut labels, reader.given(RecordParser::labels)?),
        "credentials" => once(
            &mut credentials,
            reader.given(|reader| reader.list(credential))?,
        ),
        _ => None,
    })?;
    let consumer = ConsumerRef {
        name: name?,
        groups: groups.flatten().unwrap_or_default(),
        labels: labels.flatten().unwrap_or_default(),
        credentials: credentials.flatten().unwrap_or_default(),
    };
    Some((consumer, reader.at))
}

/// Stores a field, unless it is a duplicate.
fn once<T>(field: &mut Option<T>, value: T) -> Option<()> {
    if field.is_some() {
        return None;
    }
    *field = Some(value);
    Some(())
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn group<'a>(reader: &mut RecordParser<'a>) -> Option<&'a str> {
    let group = filled(reader.string()?)?;
    (!group.contains(',')).then_some(group)
}

fn credential<'a>(reader: &mut RecordParser<'a>) -> Option<CredentialRef<'a>> {
    let mut read = None;
    reader.map(|reader, kind| match kind {
        "apiKey" => once(&mut read, CredentialRef::ApiKey(api_key(reader)?)),
        _ => None,
    })?;
    read
}

fn api_key<'a>(reader: &mut RecordParser<'a>) -> Option<ApiKeyRef<'a>> {
    let (mut provider, mut id, mut key) = (None, None, None);
    reader.map(|reader, field| match field {
        "provider" => once(
            &mut provider,
            reader.given(|reader| filled(reader.string()?))?,
        ),
        "id" => once(&mut id, reader.given(|reader| filled(reader.string()?))?),
        "sha256" => once(&mut key, KeyRef::Sha256(unhex(reader.string()?)?)),
        "value" => once(
            &mut key,
            KeyRef::Value(filled(reader.string()?)?.as_bytes()),
        ),
        _ => None,
    })?;
    Some(ApiKeyRef {
        provider: provider.flatten(),
        id: id.flatten(),
        key: key?,
    })
}

/// The most labels of a plain record.
const MOST_LABELS: usize = 64;

/// Whether it is printable ASCII without an escape in a string: neither a quote nor a backslash.
const fn is_plain(byte: u8) -> bool {
    matches!(byte, b' ' | b'!' | b'#'..=b'[' | b']'..=b'~')
}

/// The rest of the text. Each step returns `None` where the text has something else.
struct RecordParser<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> RecordParser<'a> {
    /// The next byte that isn't a blank (RFC 8259 §2), without consuming it.
    fn peek(&mut self) -> Option<u8> {
        loop {
            let byte = *self.text.get(self.at)?;
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(byte);
            }
            self.at = self.at.saturating_add(1);
        }
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        (self.peek()? == byte).then(|| self.at = self.at.saturating_add(1))
    }

    /// Whether this byte is next. It is consumed then.
    fn takes(&mut self, byte: u8) -> bool {
        self.take(byte).is_some()
    }

    /// The result of `read`, or nothing for `null`.
    fn given<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.peek()? != b'n' {
            return read(self).map(Some);
        }
        let rest = self.text.get(self.at..)?;
        let after = rest.strip_prefix(b"null")?;
        self.at = self.text.len().saturating_sub(after.len());
        Some(None)
    }

    /// A string of printable ASCII without escapes.
    fn string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let rest = self.text.get(self.at..)?;
        let length = rest.iter().position(|byte| !is_plain(*byte))?;
        let (string, end) = rest.split_at_checked(length)?;
        if end.first() != Some(&b'"') {
            return None;
        }
        self.at = self.at.saturating_add(length).saturating_add(1);
        std::str::from_utf8(string).ok()
    }

    fn map(&mut self, mut field: impl FnMut(&mut Self, &'a str) -> Option<()>) -> Option<()> {
        self.take(b'{')?;
        if self.takes(b'}') {
            return Some(());
        }
        loop {
            let key = self.string()?;
            self.take(b':')?;
            field(self, key)?;
            if !self.takes(b',') {
                return self.take(b'}');
            }
        }
    }

    fn list<T>(&mut self, item: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        self.take(b'[')?;
        let mut items = Vec::new();
        if self.takes(b']') {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if !self.takes(b',') {
                self.take(b']')?;
                return Some(items);
            }
        }
    }

    fn labels(&mut self) -> Option<Vec<(&'a str, &'a str)>> {
        let mut labels: Vec<(&str, &str)> = Vec::new();
        self.map(|reader, name| {
            let name = filled(name)?;
            // Labels before it may have to move, so records with many labels aren't parsed here.
            (labels.len() < MOST_LABELS).then_some(())?;
            // Sorted by name, as in a document that is parsed completely.
            let at = labels.partition_point(|(other, _)| *other < name);
            let is_new = labels.get(at).is_none_or(|(other, _)| *other != name);
            is_new.then_some(())?;
            labels.insert(at, (name, reader.string()?));
            Some(())
        })?;
        Some(labels)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Consumer;

    fn both(text: &str) -> bool {
        let value: serde_json::Value = serde_json::from_str(text).unwrap();
        let slow = Consumer::from_document(&value);
        let Some((quick, length)) = consumer(text.as_bytes()) else {
            return false;
        };
        assert_eq!(length, text.trim_end().len());
        let (slow, left_out) = slow.unwrap();
        assert!(left_out.is_empty());
        assert!(quick == slow.as_ref(), "{text}");
        true
    }

    #[test]
    fn agrees_with_the_general_decoder() {
        let digest = "9F86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
        for text in [
            r#"{"name":"a"}"#,
            " {\n\t\"name\" :\r \"a b\" , \"groups\":[] ,\"labels\":{ },\"credentials\":[ ]} ",
            r#"{"credentials":[{"apiKey":{"value":"k"}}],"groups":["g","h"],"labels":{"t":"","a":"~"},"name":"a"}"#,
            r#"{"name":"a","groups":null,"labels": null ,"credentials":null}"#,
            r#"{"name":"a","credentials":[{"apiKey":{"provider":null,"id":null,"value":"k"}}]}"#,
            &format!(
                r#"{{"name":"a","credentials":[{{"apiKey":{{"provider":"p","id":"i","sha256":"{digest}"}}}},{{"apiKey":{{"value":"k"}}}}]}}"#
            ),
        ] {
            assert!(both(text), "{text}");
        }
    }

    #[test]
    fn leaves_records_of_many_labels_to_the_general_decoder() {
        let text = |count: usize| {
            let labels: Vec<String> = (0..count).map(|n| format!(r#""l{n}":"""#)).collect();
            format!(r#"{{"name":"a","labels":{{{}}}}}"#, labels.join(","))
        };
        assert!(both(&text(MOST_LABELS)));
        assert!(!both(&text(MOST_LABELS + 1)));
    }

    #[test]
    fn leaves_unusual_records_to_the_general_decoder() {
        for text in [
            r#"{"name":"\u0061"}"#,
            r#"{"name":"é"}"#,
            r#"{"name":"a","name":"b"}"#,
            r#"{"name":"a","labels":{"x":"1","x":"2"}}"#,
            r#"{"name":null}"#,
            r#"{"name":"a","groups":nul}"#,
            r#"{"name":"a","groups":null,"groups":[]}"#,
            r#"{"name":"a","groups":[7]}"#,
            r#"{"name":"a","credentials":[null]}"#,
            r#"{"name":"a","x":1}"#,
            r#"{"name":""}"#,
            r#"{}"#,
            r#"["a"]"#,
            r#"{"name":"a","groups":["b,c"]}"#,
            r#"{"name":"a","credentials":[{}]}"#,
            r#"{"name":"a","credentials":[{"apiKey":{}}]}"#,
            r#"{"name":"a","credentials":[{"apiKey":{"env":"X"}}]}"#,
            r#"{"name":"a","credentials":[{"apiKey":{"value":{"env":"X"}}}]}"#,
            r#"{"name":"a","credentials":[{"apiKey":{"value":"k","sha256":"00"}}]}"#,
            r#"{"name":"a","credentials":[{"apiKey":{"value":""}}]}"#,
        ] {
            assert!(consumer(text.as_bytes()).is_none(), "{text}");
        }
        for text in [
            "",
            "{",
            r#"{"name":"a"]"#,
            r#"{"name":"a",}"#,
            r#"{"name""a"}"#,
            "{\"name\":\"a\u{7f}\"}",
            "{\"name\":\"a\n\"}",
        ] {
            assert!(consumer(text.as_bytes()).is_none(), "{text}");
        }
    }
}
