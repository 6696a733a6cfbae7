//! The compact serialisation of a signed token (RFC 7515 §7.1).

use std::fmt;

use super::base64url;
use super::claims_set::ClaimsSet;
use super::error::{TokenError, TokenPart};
use crate::strict_json::{self, PartCount};

/// The longest header of five parts that is read to recognise a JWE, in base64url. No provider's budget pays for it.
const LONGEST_OF_JWE: usize = 1 << 10;

/// The longest header that is read, in base64url.
pub(super) const LONGEST_HEADER: usize = 8 << 10;

/// A text of three parts with a dot between them. `Debug` shows none of them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CompactJws<'t> {
    signing_input: &'t [u8],
    header: &'t [u8],
    payload: &'t [u8],
    signature: &'t [u8],
}

impl<'t> CompactJws<'t> {
    /// The longest token, in bytes. Envoy takes 60 KiB of headers in all, and most servers take 8 KiB.
    pub const MAX_BYTES: usize = 16 << 10;

    /// Separates the parts. `None` where the text is no token: it isn't of three parts.
    ///
    /// # Errors
    /// [`TokenError::TooLong`]. [`TokenError::Encrypted`] for five parts, the first of which is the header of a JWE.
    /// [`TokenError::Several`] where a text of three parts stands beside something else, with a comma, a semicolon or a
    /// blank between them: an upstream may take it for a token.
    pub fn split(text: &'t [u8]) -> Result<Option<Self>, TokenError> {
        let Some(token) = Self::parts(text) else {
            return other(text).map_or(Ok(None), Err);
        };
        if text.len() > Self::MAX_BYTES {
            return Err(TokenError::TooLong);
        }
        Ok(Some(token))
    }

    fn parts(text: &'t [u8]) -> Option<Self> {
        let last = text.iter().rposition(|byte| *byte == b'.')?;
        let (signing_input, signature) = text.split_at_checked(last)?;
        let first = signing_input.iter().position(|byte| *byte == b'.')?;
        let (header, payload) = signing_input.split_at_checked(first)?;
        let (payload, signature) = (payload.get(1..)?, signature.get(1..)?);
        (!payload.contains(&b'.')).then_some(Self {
            signing_input,
            header,
            payload,
            signature,
        })
    }

    /// The bytes that are signed: header and payload as they came, with the dot between them (RFC 7515 §5.1).
    #[must_use]
    pub const fn signing_input(&self) -> &'t [u8] {
        self.signing_input
    }

    /// The header as it came, in base64url.
    #[must_use]
    pub const fn header_text(&self) -> &'t [u8] {
        self.header
    }

    /// The payload as it came, in base64url.
    #[must_use]
    pub const fn payload_text(&self) -> &'t [u8] {
        self.payload
    }

    /// The claims. They say nothing before the signature is verified.
    ///
    /// # Errors
    /// [`TokenError::Encoding`] and [`TokenError::Json`].
    pub fn claims(&self) -> Result<ClaimsSet, TokenError> {
        self.claims_counted(&PartCount::default())
    }

    /// The same. Counts what was read, also if it is refused.
    ///
    /// # Errors
    /// The same.
    pub fn claims_counted(&self, count: &PartCount) -> Result<ClaimsSet, TokenError> {
        let part = TokenPart::Payload;
        let payload = base64url::decode(self.payload).ok_or(TokenError::Encoding(part))?;
        ClaimsSet::parse_counted(&payload, count).ok_or(TokenError::Json(part))
    }

    /// The bytes of the signature.
    ///
    /// # Errors
    /// [`TokenError::Encoding`].
    pub fn signature(&self) -> Result<Vec<u8>, TokenError> {
        base64url::decode(self.signature).ok_or(TokenError::Encoding(TokenPart::Signature))
    }
}

impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CompactJws(…)")
    }
}

/// Why a text that isn't of three parts is refused. Most are other credentials, and not refused.
#[cold]
#[inline(never)]
fn other(text: &[u8]) -> Option<TokenError> {
    let is_between = |byte: &u8| matches!(byte, b',' | b';') || byte.is_ascii_whitespace();
    if text.iter().any(is_between) {
        let mut each = text.split(is_between);
        let has_token = each.any(|one| CompactJws::parts(one).is_some());
        return has_token.then_some(TokenError::Several);
    }
    let dots = text.iter().filter(|byte| **byte == b'.').count();
    let header = text.split(|byte| *byte == b'.').next()?;
    if dots != 4 || header.len() > LONGEST_HEADER {
        return None;
    }
    let json = base64url::decode(header)?;
    if header.len() > LONGEST_OF_JWE {
        // Nothing else begins so at this length.
        return json.starts_with(b"{").then_some(TokenError::Encrypted);
    }
    let header = strict_json::object(&json)?;
    header.get("enc").map(|_| TokenError::Encrypted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separates_three_parts() {
        for (text, header, payload, signature) in [
            ("a.b.c", "a", "b", "c"),
            ("..", "", "", ""),
            ("a.b.", "a", "b", ""),
            (".b.c", "", "b", "c"),
            // These are refused when they are decoded.
            ("a b,.;.c", "a b,", ";", "c"),
            ("a.b.c d", "a", "b", "c d"),
        ] {
            let token = CompactJws::split(text.as_bytes()).unwrap().unwrap();
            assert_eq!(token.header_text(), header.as_bytes(), "{text}");
            assert_eq!(token.payload_text(), payload.as_bytes(), "{text}");
            assert_eq!(token.signature, signature.as_bytes(), "{text}");
            assert_eq!(
                token.signing_input(),
                format!("{header}.{payload}").as_bytes(),
                "{text}"
            );
            assert_eq!(format!("{token:?}"), "CompactJws(…)");
        }
    }

    #[test]
    fn other_texts_are_absent() {
        for text in [
            "",
            ".",
            "...",
            "a",
            "a.b",
            "a.b.c.d",
            "a.b.c.d.e",
            "....",
            "a, b",
            "1.2, 3.4, 5.6",
            "user:password",
            // A header without `enc`, and one that is no strict JSON.
            "eyJhbGciOiJkaXIifQ.b.c.d.e",
            "eyJlbmMiOjEsImVuYyI6MX0.b.c.d.e",
            "{\"payload\":\"e30\",\"signatures\":[]}",
        ] {
            assert_eq!(CompactJws::split(text.as_bytes()), Ok(None), "{text}");
        }
        let long = "a".repeat(100_000);
        assert_eq!(CompactJws::split(long.as_bytes()), Ok(None));
        let long = [&long, ".b.c.d.e"].concat();
        assert_eq!(CompactJws::split(long.as_bytes()), Ok(None));
    }

    #[test]
    fn refuses_tokens_that_are_never_accepted() {
        let longest = format!("{}.b.c", "a".repeat(CompactJws::MAX_BYTES - 4));
        assert!(CompactJws::split(longest.as_bytes()).unwrap().is_some());
        let too_long = format!("{longest}d");
        let long_header = format!("ey{}..c.d.e", "A".repeat(1026));
        for (text, error) in [
            (too_long.as_str(), TokenError::TooLong),
            // {"alg":"dir","enc":"A128GCM"}, {"enc":null}
            (
                "eyJhbGciOiJkaXIiLCJlbmMiOiJBMTI4R0NNIn0..c.d.e",
                TokenError::Encrypted,
            ),
            ("eyJlbmMiOm51bGx9....", TokenError::Encrypted),
            (&long_header, TokenError::Encrypted),
            ("a.b.c,d.e.f", TokenError::Several),
            ("a.b.c, Bearer d.e.f", TokenError::Several),
            ("a.b.c d.e", TokenError::Several),
            ("v1.0 a.b.c", TokenError::Several),
            ("a.b.c;d.e.f;", TokenError::Several),
            ("a.b.c\td.", TokenError::Several),
        ] {
            assert_eq!(CompactJws::split(text.as_bytes()), Err(error), "{text:.60}");
        }
    }

    #[test]
    fn reads_payload_and_signature_strictly() {
        let token = |text: &'static str| CompactJws::split(text.as_bytes()).unwrap().unwrap();
        let (encoding, json) = (TokenError::Encoding, TokenError::Json);
        assert!(token(".e30.").claims().is_ok());
        for (text, error) in [
            (".e30=.", encoding(TokenPart::Payload)),
            (".e31.", encoding(TokenPart::Payload)),
            (".e 0.", encoding(TokenPart::Payload)),
            ("..", json(TokenPart::Payload)),
            (".W10.", json(TokenPart::Payload)),
            (".eyJhIjoxLCJhIjoxfQ.", json(TokenPart::Payload)),
        ] {
            assert_eq!(token(text).claims().unwrap_err(), error, "{text}");
        }
        assert_eq!(token("..AQI").signature(), Ok(vec![1, 2]));
        assert_eq!(token("..").signature(), Ok(vec![]));
        assert_eq!(
            token("..AQJ").signature(),
            Err(encoding(TokenPart::Signature))
        );
    }
}
