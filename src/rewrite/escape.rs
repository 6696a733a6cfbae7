//! Values in the body of a response. A value can't end the text that it stands in.

use super::header::check_header_value;

use crate::strict_json;

/// The value can't stand there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a value for a body has bytes that its content type can't have")]
pub(crate) struct BodyValueError;

/// The text that a value stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyText {
    /// Within the quotes of a JSON string (RFC 8259 §7).
    JsonString,
    /// Where JSON has a value: a number, `true`, `false` or `null`. No value is `null`.
    JsonValue,
    /// The text or a quoted attribute of HTML or XML.
    Markup,
    /// Any other text: as it is, without control characters.
    Plain,
}

impl BodyText {
    /// Writes a value.
    ///
    /// # Errors
    /// [`BodyValueError`] where this text can't hold the value.
    pub(crate) fn put(self, body: &mut Vec<u8>, value: &[u8]) -> Result<(), BodyValueError> {
        match self {
            Self::JsonString => json_string(body, value),
            Self::JsonValue => json_value(body, value),
            Self::Markup => markup(body, value),
            Self::Plain => {
                check_header_value(value).map_err(|_| BodyValueError)?;
                body.extend_from_slice(value);
                Ok(())
            }
        }
    }
}

fn checked(value: &[u8]) -> Result<&str, BodyValueError> {
    std::str::from_utf8(value).map_err(|_| BodyValueError)
}

fn json_string(body: &mut Vec<u8>, value: &[u8]) -> Result<(), BodyValueError> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    for byte in checked(value)?.bytes() {
        match byte {
            b'"' | b'\\' => body.extend([b'\\', byte]),
            0..=0x1f | 0x7f => {
                let digit = |at: u8| DIGITS.get(usize::from(at)).copied().unwrap_or_default();
                body.extend_from_slice(b"\\u00");
                body.extend([digit(byte >> 4), digit(byte & 0xf)]);
            }
            _ => body.push(byte),
        }
    }
    Ok(())
}

fn json_value(body: &mut Vec<u8>, value: &[u8]) -> Result<(), BodyValueError> {
    use serde_json::Value;
    let value = if value.is_empty() { b"null" } else { value };
    match strict_json::value(value) {
        Ok(Value::Null | Value::Bool(_) | Value::Number(_)) => {
            body.extend_from_slice(value.trim_ascii());
            Ok(())
        }
        Ok(Value::String(_) | Value::Array(_) | Value::Object(_)) | Err(_) => Err(BodyValueError),
    }
}

fn markup(body: &mut Vec<u8>, value: &[u8]) -> Result<(), BodyValueError> {
    for byte in checked(value)?.bytes() {
        let escaped = match byte {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            b'\'' => "&#39;",
            b'\t' | b'\n' | b'\r' => {
                body.push(byte);
                continue;
            }
            // XML has no way to write them (XML 1.0 §2.2).
            0..=0x1f | 0x7f => return Err(BodyValueError),
            _ => {
                body.push(byte);
                continue;
            }
        };
        body.extend_from_slice(escaped.as_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put(text: BodyText, value: &[u8]) -> Option<String> {
        let mut body = Vec::new();
        let done = text.put(&mut body, value).is_ok();
        done.then(|| String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn escapes_by_the_text() {
        for (value, string, markup, plain) in [
            (&b"a b/c"[..], Some("a b/c"), Some("a b/c"), Some("a b/c")),
            (b"", Some(""), Some(""), Some("")),
            (b"\"\\", Some(r#"\"\\"#), Some("&quot;\\"), Some("\"\\")),
            (
                b"<a href='x'>&",
                Some("<a href='x'>&"),
                Some("&lt;a href=&#39;x&#39;&gt;&amp;"),
                Some("<a href='x'>&"),
            ),
            (b"a\nb", Some("a\\u000ab"), Some("a\nb"), None),
            (b"a\tb", Some("a\\u0009b"), Some("a\tb"), Some("a\tb")),
            (b"\0\x1f\x7f", Some("\\u0000\\u001f\\u007f"), None, None),
            (
                "é\u{2028}".as_bytes(),
                Some("é\u{2028}"),
                Some("é\u{2028}"),
                Some("é\u{2028}"),
            ),
            (b"\xff", None, None, Some("\u{fffd}")),
        ] {
            assert_eq!(
                put(BodyText::JsonString, value).as_deref(),
                string,
                "{value:?}"
            );
            assert_eq!(put(BodyText::Markup, value).as_deref(), markup, "{value:?}");
            assert_eq!(put(BodyText::Plain, value).as_deref(), plain, "{value:?}");
        }
    }

    #[test]
    fn a_json_value_is_no_text() {
        for (value, expected) in [
            (&b"1"[..], Some("1")),
            (b"-1.5e3", Some("-1.5e3")),
            (b"true", Some("true")),
            (b"null", Some("null")),
            (b"", Some("null")),
            (b" 1 ", Some("1")),
            (b"01", None),
            (b"1,2", None),
            (b"\"a\"", None),
            (b"[]", None),
            (b"{}", None),
            (b"NaN", None),
            (b"a", None),
        ] {
            assert_eq!(
                put(BodyText::JsonValue, value).as_deref(),
                expected,
                "{value:?}"
            );
        }
    }
}
