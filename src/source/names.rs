//! Names of properties that are the same for Spring.
//!
//! Spring binds a property to a field by their letters and digits: `max-size`, `maxSize`, `max_size` and `MAX-SIZE` are one name
//! (Spring Boot's "relaxed binding"). A document with such names has them in one spelling, the *common* one, and so has a
//! JSONPath for it; then a name costs one comparison, as in any document.

use std::borrow::Cow;

/// How names in a JSONPath stand for names in a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PropertyNames {
    /// As they are written.
    Exact,
    /// As Spring binds them: case, `-` and `_` don't matter.
    Relaxed,
}

/// Fields of a consumer's record with capitals: their spelling is the common one, so that records are read as in any document.
const OF_RECORDS: [&str; 3] = ["apiKey", "publicKey", "secretEncoding"];

/// The name of a map whose own names are kept: the labels of a consumer.
pub(super) const LABELS: &str = "labels";

/// The common spelling of a name: small letters of ASCII, without `-` and `_`. A name of nothing else stays.
pub(super) fn common(name: &str) -> Cow<'_, str> {
    let mut common = Cow::Borrowed(name);
    if name.contains(['-', '_']) {
        common = Cow::Owned(name.replace(['-', '_'], ""));
    }
    let mut of_records = OF_RECORDS.iter();
    if let Some(field) = of_records.find(|field| field.eq_ignore_ascii_case(&common)) {
        return Cow::Borrowed(field);
    }
    if common.is_empty() {
        return Cow::Borrowed(name);
    }
    if common.bytes().any(|byte| byte.is_ascii_uppercase()) {
        common.to_mut().make_ascii_lowercase();
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_spelling_for_all() {
        for (name, expected) in [
            ("limit", "limit"),
            ("maxSize", "maxsize"),
            ("max-size", "maxsize"),
            ("max_size", "maxsize"),
            ("MAX_SIZE", "maxsize"),
            ("--Max--Size-", "maxsize"),
            ("/a-b/C", "/ab/c"),
            ("Größe-1", "größe1"),
            ("", ""),
            ("-", "-"),
            ("_-", "_-"),
            ("key", "key"),
            ("api-key", "apiKey"),
            ("apikey", "apiKey"),
            ("API_KEY", "apiKey"),
            ("apiKey", "apiKey"),
            ("public-key", "publicKey"),
            ("secretencoding", "secretEncoding"),
        ] {
            assert_eq!(common(name), expected, "{name}");
            assert_eq!(common(&common(name)), expected, "{name}");
        }
    }
}
