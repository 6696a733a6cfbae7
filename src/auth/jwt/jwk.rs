//! One key as JSON (RFC 7517 §4, RFC 7518 §6, RFC 8037 §2).

use serde_json::Value;

use crate::crypto::{Algorithm, Curve, KeyError, VerifyingKey};

use super::base64url;
use super::thumbprint::Thumbprint;

/// Members that only a private key has (RFC 7518 §6.2.2 and §6.3.2, RFC 8037 §2).
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A key that verifies signatures, with what is written about it.
#[derive(Clone, Debug)]
pub struct Jwk {
    kid: Option<Box<str>>,
    /// `alg`: the only algorithm that the key is for.
    algorithm: Option<Algorithm>,
    key: VerifyingKey,
    thumbprint: Option<Thumbprint>,
}

/// Why a JSON value is no key that verifies signatures. No text quotes key material.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// It is no object.
    #[error("a key is an object")]
    NotObject,
    /// A member is missing or no text.
    #[error("`{0}` is missing or not text")]
    Missing(&'static str),
    /// `kty` or `crv` is of no supported kind. Holds the member.
    #[error("`{0}` is not supported")]
    Unsupported(&'static str),
    /// It has members of a private key.
    #[error(
        "it is a private key; put only its public members here, and replace it if it was published"
    )]
    PrivateKey,
    /// It is a symmetric key where keys are published.
    #[error("it is a symmetric key, which must not be published")]
    SymmetricKey,
    /// A member is no unpadded, canonical base64url.
    #[error("`{0}` is not base64url")]
    Encoding(&'static str),
    /// A number has zero bytes before it (RFC 7518 §2, Base64urlUInt).
    #[error("`{0}` begins with a zero byte")]
    LeadingZero(&'static str),
    /// `use` is not `sig`.
    #[error("`use` is not `sig`")]
    Use,
    /// `key_ops` is no list with `verify` in it, or has an item twice.
    #[error("`key_ops` does not allow `verify`")]
    Operations,
    /// `alg` is no known algorithm of signatures.
    #[error("`alg` is not an algorithm of signatures")]
    UnknownAlgorithm,
    /// `alg` is not for keys of this type, curve or length.
    #[error("`alg` does not fit the key")]
    AlgorithmMismatch,
    /// `kid` is no text.
    #[error("`kid` is not text")]
    KeyId,
    /// Another usable key of the set has the same `kid`.
    #[error("another key has the same `kid`")]
    RepeatedKeyId,
    /// The material is no usable key.
    #[error("{0}")]
    Key(#[from] KeyError),
}

impl Jwk {
    /// A key without a `kid` and without an algorithm of its own, such as one in PEM.
    #[must_use]
    pub const fn unnamed(key: VerifyingKey) -> Self {
        Self {
            kid: None,
            algorithm: None,
            key,
            thumbprint: None,
        }
    }

    /// Reads a key. Certificates in it (`x5c`) and other unknown members are ignored.
    ///
    /// # Errors
    /// [`JwkError`].
    pub fn read(value: &Value) -> Result<Self, JwkError> {
        if !value.is_object() {
            return Err(JwkError::NotObject);
        }
        check_use(value)?;
        let algorithm = match value.get("alg") {
            None => None,
            Some(name) => Some(named(name).ok_or(JwkError::UnknownAlgorithm)?),
        };
        let kid = key_id(value)?;
        let key = material(value)?;
        if algorithm.is_some_and(|algorithm| !key.allows(algorithm)) {
            return Err(JwkError::AlgorithmMismatch);
        }
        Ok(Self {
            kid: kid.map(Into::into),
            algorithm,
            key,
            thumbprint: Thumbprint::of(value),
        })
    }

    /// Reads a key that its owner publishes. A symmetric key is refused: whoever can read it could sign with it.
    ///
    /// # Errors
    /// [`JwkError`].
    pub(super) fn read_published(value: &Value) -> Result<Self, JwkError> {
        if value.get("kty").is_some_and(|kind| kind == "oct") {
            return Err(JwkError::SymmetricKey);
        }
        Self::read(value)
    }

    /// `kid`.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// The key.
    #[must_use]
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Its thumbprint. `None` for a symmetric key and for one that was no JWK.
    #[must_use]
    pub const fn thumbprint(&self) -> Option<Thumbprint> {
        self.thumbprint
    }

    /// Whether signatures of this algorithm may be verified with it: it is for its type, curve and length, and `alg` doesn't
    /// say otherwise.
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        self.algorithm.is_none_or(|own| own == algorithm) && self.key.allows(algorithm)
    }
}

fn named(name: &Value) -> Option<Algorithm> {
    Algorithm::named(name.as_str()?)
}

pub(super) fn key_id(value: &Value) -> Result<Option<&str>, JwkError> {
    let Some(kid) = value.get("kid") else {
        return Ok(None);
    };
    kid.as_str().map(Some).ok_or(JwkError::KeyId)
}

/// RFC 7517 §4.2 and §4.3.
fn check_use(value: &Value) -> Result<(), JwkError> {
    if value.get("use").is_some_and(|use_| use_ != "sig") {
        return Err(JwkError::Use);
    }
    let Some(operations) = value.get("key_ops") else {
        return Ok(());
    };
    let operations = operations.as_array().ok_or(JwkError::Operations)?;
    let verifies = operations.iter().filter(|one| *one == "verify").count();
    let are_texts = operations.iter().all(Value::is_string);
    (verifies == 1 && are_texts)
        .then_some(())
        .ok_or(JwkError::Operations)
}

fn material(value: &Value) -> Result<VerifyingKey, JwkError> {
    let kind = text(value, "kty")?;
    if kind != "oct" && PRIVATE.iter().any(|name| value.get(*name).is_some()) {
        return Err(JwkError::PrivateKey);
    }
    Ok(match kind {
        "RSA" => VerifyingKey::rsa(&number(value, "n")?, &number(value, "e")?)?,
        "EC" => {
            let curve = match text(value, "crv")? {
                "P-256" => Curve::P256,
                "P-384" => Curve::P384,
                "P-521" => Curve::P521,
                _ => return Err(JwkError::Unsupported("crv")),
            };
            VerifyingKey::ec(curve, &bytes(value, "x")?, &bytes(value, "y")?)?
        }
        "OKP" if text(value, "crv")? == "Ed25519" => VerifyingKey::ed25519(&bytes(value, "x")?)?,
        "OKP" => return Err(JwkError::Unsupported("crv")),
        "oct" => VerifyingKey::hmac(&bytes(value, "k")?)?,
        _ => return Err(JwkError::Unsupported("kty")),
    })
}

fn text<'v>(value: &'v Value, name: &'static str) -> Result<&'v str, JwkError> {
    let text = value.get(name).and_then(Value::as_str);
    text.ok_or(JwkError::Missing(name))
}

fn bytes(value: &Value, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let text = text(value, name)?;
    base64url::decode(text.as_bytes()).ok_or(JwkError::Encoding(name))
}

fn number(value: &Value, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let bytes = bytes(value, name)?;
    match bytes.first() {
        Some(0) => Err(JwkError::LeadingZero(name)),
        Some(_) | None => Ok(bytes),
    }
}

#[cfg(test)]
pub(super) mod tests;
