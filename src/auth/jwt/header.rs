//! The JOSE header of a signed token (RFC 7515 §4.1).

use serde_json::Value;

use crate::crypto::Algorithm;

use super::base64url;
use super::compact::{CompactJws, LONGEST_HEADER};
use super::error::{TokenError, TokenPart};
use crate::strict_json::{self, PartCount};

/// What the header of a token says about the key that verifies it.
///
/// Keys that a header brings or points to (`jwk`, `x5c`, `jku`, `x5u`) are never used. Parameters that are unknown are
/// ignored, as the RFC has it: those that must not be ignored stand in `crit`, which is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoseHeader {
    /// `alg`.
    pub algorithm: Algorithm,
    /// `kid`.
    pub kid: Option<Box<str>>,
    /// `typ`.
    pub typ: Option<Box<str>>,
}

impl JoseHeader {
    /// Reads the bytes of a header.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn parse(header: &[u8]) -> Result<Self, TokenError> {
        Self::parse_counted(header, &PartCount::default())
    }

    /// The same. Counts what was read.
    fn parse_counted(header: &[u8], count: &PartCount) -> Result<Self, TokenError> {
        let header = strict_json::object_counted(header, count);
        let header = header.ok_or(TokenError::Json(TokenPart::Header))?;
        let has = |name| header.get(name).is_some();
        if has("enc") {
            return Err(TokenError::Encrypted);
        }
        if has("crit") {
            return Err(TokenError::Critical);
        }
        if header
            .get("b64")
            .is_some_and(|b64| *b64 != Value::Bool(true))
        {
            return Err(TokenError::Unencoded);
        }
        if has("zip") {
            return Err(TokenError::Compressed);
        }
        let algorithm = header.get("alg").and_then(Value::as_str);
        let algorithm = algorithm.ok_or(TokenError::NoAlgorithm)?;
        if algorithm.eq_ignore_ascii_case("none") {
            return Err(TokenError::Unsigned);
        }
        Ok(Self {
            algorithm: Algorithm::named(algorithm).ok_or(TokenError::UnknownAlgorithm)?,
            kid: text(&header, "kid", TokenError::KeyId)?,
            typ: text(&header, "typ", TokenError::Type)?,
        })
    }
}

fn text(header: &Value, name: &str, error: TokenError) -> Result<Option<Box<str>>, TokenError> {
    let Some(value) = header.get(name) else {
        return Ok(None);
    };
    value.as_str().map(Into::into).map(Some).ok_or(error)
}

impl CompactJws<'_> {
    /// The header.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn header(&self) -> Result<JoseHeader, TokenError> {
        self.header_counted(&PartCount::default())
    }

    /// The same. Counts what was read, also if it is refused.
    ///
    /// # Errors
    /// The same.
    pub fn header_counted(&self, count: &PartCount) -> Result<JoseHeader, TokenError> {
        let text = self.header_text();
        if text.len() > LONGEST_HEADER {
            return Err(TokenError::TooLong);
        }
        let header = base64url::decode(text).ok_or(TokenError::Encoding(TokenPart::Header))?;
        JoseHeader::parse_counted(&header, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<JoseHeader, TokenError> {
        JoseHeader::parse(text.as_bytes())
    }

    #[test]
    fn reads_algorithm_kid_and_typ() {
        for (text, algorithm, kid, typ) in [
            (r#"{"alg":"RS256"}"#, "RS256", None, None),
            (
                r#"{"typ":"JWT",  "alg":"HS512","kid":"a b"}"#,
                "HS512",
                Some("a b"),
                Some("JWT"),
            ),
            (
                r#"{"alg":"EdDSA","kid":"","typ":""}"#,
                "EdDSA",
                Some(""),
                Some(""),
            ),
            (
                r#"{"alg":"ES256","b64":true,"cty":"JWT"}"#,
                "ES256",
                None,
                None,
            ),
            // They are never followed.
            (
                r#"{"alg":"PS384","jku":"https://evil.example","x5u":1,"x5c":[],"jwk":{"kty":"oct","k":""}}"#,
                "PS384",
                None,
                None,
            ),
            (
                r#"{"\u0061lg":"ES\u0035\u0031\u0032"}"#,
                "ES512",
                None,
                None,
            ),
        ] {
            let expected = JoseHeader {
                algorithm: Algorithm::named(algorithm).unwrap(),
                kid: kid.map(Into::into),
                typ: typ.map(Into::into),
            };
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_each_header_by_its_own_reason() {
        for (text, error) in [
            ("", TokenError::Json(TokenPart::Header)),
            ("[]", TokenError::Json(TokenPart::Header)),
            (
                r#"{"alg":"RS256","alg":"RS256"}"#,
                TokenError::Json(TokenPart::Header),
            ),
            (
                r#"{"alg":"none","\u0061lg":"RS256"}"#,
                TokenError::Json(TokenPart::Header),
            ),
            (r#"{"alg":"RS256"} x"#, TokenError::Json(TokenPart::Header)),
            ("{}", TokenError::NoAlgorithm),
            (r#"{"Alg":"RS256"}"#, TokenError::NoAlgorithm),
            (r#"{"alg":null}"#, TokenError::NoAlgorithm),
            (r#"{"alg":["RS256"]}"#, TokenError::NoAlgorithm),
            (r#"{"alg":256}"#, TokenError::NoAlgorithm),
            (r#"{"alg":"none"}"#, TokenError::Unsigned),
            (r#"{"alg":"None"}"#, TokenError::Unsigned),
            (r#"{"alg":"NONE"}"#, TokenError::Unsigned),
            (r#"{"alg":"nOnE"}"#, TokenError::Unsigned),
            (r#"{"alg":""}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"none "}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"rs256"}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"RS1"}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"ES256K"}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"RSA-OAEP"}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"RS256\u0000"}"#, TokenError::UnknownAlgorithm),
            (r#"{"alg":"dir","enc":"A128GCM"}"#, TokenError::Encrypted),
            (r#"{"alg":"RS256","enc":null}"#, TokenError::Encrypted),
            (r#"{"alg":"RS256","crit":[]}"#, TokenError::Critical),
            (r#"{"alg":"RS256","crit":null}"#, TokenError::Critical),
            (
                r#"{"alg":"RS256","crit":["exp"],"exp":1}"#,
                TokenError::Critical,
            ),
            (
                r#"{"alg":"RS256","crit":["b64"],"b64":true}"#,
                TokenError::Critical,
            ),
            (r#"{"alg":"RS256","b64":false}"#, TokenError::Unencoded),
            (r#"{"alg":"RS256","b64":"true"}"#, TokenError::Unencoded),
            (r#"{"alg":"RS256","b64":null}"#, TokenError::Unencoded),
            (r#"{"alg":"RS256","zip":"DEF"}"#, TokenError::Compressed),
            (r#"{"alg":"RS256","kid":1}"#, TokenError::KeyId),
            (r#"{"alg":"RS256","kid":null}"#, TokenError::KeyId),
            (r#"{"alg":"RS256","kid":["a"]}"#, TokenError::KeyId),
            (r#"{"alg":"RS256","typ":null}"#, TokenError::Type),
            (r#"{"alg":"RS256","typ":{}}"#, TokenError::Type),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }

    #[test]
    fn reads_the_header_of_a_token() {
        let header = |text: &str| {
            CompactJws::split(text.as_bytes())
                .unwrap()
                .unwrap()
                .header()
        };
        let read = header("eyJhbGciOiJSUzI1NiJ9..").unwrap();
        assert_eq!(read.algorithm.name(), "RS256");
        for (text, error) in [
            (
                "eyJhbGciOiJSUzI1NiJ9=..".to_owned(),
                TokenError::Encoding(TokenPart::Header),
            ),
            (
                "eyJhbGciOiJSUzI1NiJ9\n..".to_owned(),
                TokenError::Encoding(TokenPart::Header),
            ),
            ("..".to_owned(), TokenError::Json(TokenPart::Header)),
            (format!("{}..", "a".repeat(8193)), TokenError::TooLong),
        ] {
            assert_eq!(header(&text), Err(error), "{text:.30}");
        }
    }
}
