//! Why a text with three parts is no token.

use std::fmt;

/// A part of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenPart {
    /// The JOSE header.
    Header,
    /// The payload: the claims.
    Payload,
    /// The signature.
    Signature,
}

impl fmt::Display for TokenPart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Signature => "signature",
        })
    }
}

/// Why a text is refused before any key is chosen: it is malformed, or of a kind that is never accepted. No text quotes the
/// token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is longer than [`CompactJws::MAX_BYTES`](super::CompactJws::MAX_BYTES).
    #[error("the token is too long")]
    TooLong,
    /// Several tokens stand in one place.
    #[error("several tokens in one place")]
    Several,
    /// It holds a byte that no access token has (RFC 6749 A.12), or one that separates the members of a list.
    #[error("no access token has such characters")]
    Characters,
    /// It is encrypted (RFC 7516).
    #[error("the token is encrypted (JWE)")]
    Encrypted,
    /// A part is no unpadded, canonical base64url.
    #[error("the {0} is not base64url")]
    Encoding(TokenPart),
    /// A part is no JSON object, or one that can be read in several ways.
    #[error("the {0} is not a strict JSON object")]
    Json(TokenPart),
    /// `alg` is missing or no text.
    #[error("the header has no `alg`")]
    NoAlgorithm,
    /// `alg` is `none`, in any letter case.
    #[error("the token is not signed (`alg` is `none`)")]
    Unsigned,
    /// `alg` names no known algorithm for signatures.
    #[error("the header's `alg` is unknown")]
    UnknownAlgorithm,
    /// `crit` is there. No extension is known, and an empty list is not allowed (RFC 7515 §4.1.11).
    #[error("the header has `crit`")]
    Critical,
    /// `b64` is anything but true (RFC 7797).
    #[error("the header's `b64` is not true")]
    Unencoded,
    /// `zip` is there. It is for encrypted tokens only (RFC 7516 §4.1.3).
    #[error("the header has `zip`")]
    Compressed,
    /// `kid` is no text.
    #[error("the header's `kid` is not text")]
    KeyId,
    /// `typ` is no text.
    #[error("the header's `typ` is not text")]
    Type,
}
