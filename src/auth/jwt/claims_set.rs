//! The claims of a token (RFC 7519 §4).

use std::fmt;

use serde_json::Value;

use crate::strict_json::{self, PartCount};

/// A JSON object of claims. `Debug` shows none of them.
#[derive(Clone, PartialEq)]
pub struct ClaimsSet(Value);

impl ClaimsSet {
    /// Reads the payload of a token.
    ///
    /// `None` where it is no object, or can be read in two ways: see [`strict_object`](super::strict_object).
    #[must_use]
    pub fn parse(payload: &[u8]) -> Option<Self> {
        strict_json::object(payload).map(Self)
    }

    /// The members of this JSON object, which was read strictly.
    ///
    /// `None` for other values.
    #[must_use]
    pub fn of(object: Value) -> Option<Self> {
        object.is_object().then_some(Self(object))
    }

    /// The same as [`parse`](Self::parse). Counts what was read.
    pub(super) fn parse_counted(payload: &[u8], count: &PartCount) -> Option<Self> {
        strict_json::object_counted(payload, count).map(Self)
    }

    /// The claims as a JSON object, for JSONPaths.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.0
    }

    /// The same, to be kept.
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }

    /// The claim with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// `iss` (RFC 7519 §4.1.1), if it is text.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.get("iss")?.as_str()
    }

    /// `aud` (RFC 7519 §4.1.3): one text or a list of texts. Empty without the claim; `None` for other types.
    #[must_use]
    pub fn audiences(&self) -> Option<Vec<&str>> {
        match self.get("aud") {
            None => Some(Vec::new()),
            Some(Value::String(one)) => Some(vec![one]),
            Some(Value::Array(several)) => several.iter().map(Value::as_str).collect(),
            Some(_) => None,
        }
    }
}

/// The scopes that claims name: those of `scope` (RFC 8693 §4.2) and those of `scp`. Each claim is words with blanks between
/// them, or a list of texts; of other types there are none.
pub fn scopes(claims: &Value) -> impl Iterator<Item = &str> {
    let names = ["scope", "scp"].into_iter();
    names.filter_map(|name| claims.get(name)).flat_map(words)
}

fn words(claim: &Value) -> impl Iterator<Item = &str> {
    let words = claim.as_str().unwrap_or_default().split(' ');
    let list = claim.as_array().into_iter().flatten();
    let all = words.chain(list.filter_map(Value::as_str));
    all.filter(|word| !word.is_empty())
}

impl fmt::Debug for ClaimsSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClaimsSet(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(text: &str) -> ClaimsSet {
        ClaimsSet::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn refuses_other_payloads() {
        for text in ["", "[]", "\"{}\"", "{} x", r#"{"sub": "a", "sub": "b"}"#] {
            assert_eq!(ClaimsSet::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(format!("{:?}", claims(r#"{"sub": "me"}"#)), "ClaimsSet(…)");
    }

    #[test]
    fn reads_issuer_and_audiences() {
        for (text, issuer, audiences) in [
            ("{}", None, Some(vec![])),
            (r#"{"iss": "i", "aud": "a"}"#, Some("i"), Some(vec!["a"])),
            (
                r#"{"iss": 1, "aud": ["a", "b"]}"#,
                None,
                Some(vec!["a", "b"]),
            ),
            (r#"{"iss": ["i"], "aud": []}"#, None, Some(vec![])),
            (r#"{"iss": null, "aud": null}"#, None, None),
            (r#"{"aud": ["a", 1]}"#, None, None),
            (r#"{"aud": {"a": "a"}}"#, None, None),
            (r#"{"aud": [["a"]]}"#, None, None),
        ] {
            let claims = claims(text);
            assert_eq!(claims.issuer(), issuer, "{text}");
            assert_eq!(claims.audiences(), audiences, "{text}");
        }
    }

    #[test]
    fn reads_scopes_as_words_and_as_lists() {
        for (text, expected) in [
            ("{}", &[][..]),
            (r#"{"scope": "a b"}"#, &["a", "b"]),
            (r#"{"scope": " a  b "}"#, &["a", "b"]),
            (r#"{"scope": ""}"#, &[]),
            (r#"{"scope": ["a", "", 1, ["b"], "c d"]}"#, &["a", "c d"]),
            (r#"{"scp": "a"}"#, &["a"]),
            (r#"{"scope": "a", "scp": ["b"]}"#, &["a", "b"]),
            (r#"{"scope": 1, "scp": {"a": "a"}}"#, &[]),
            (r#"{"scope": "a,b\tc"}"#, &["a,b\tc"]),
        ] {
            let claims = claims(text);
            assert_eq!(
                scopes(claims.value()).collect::<Vec<_>>(),
                expected,
                "{text}"
            );
        }
    }
}
