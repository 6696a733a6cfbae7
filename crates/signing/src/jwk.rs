//! Keys as JWK (RFC 7517, RFC 7518 §6, RFC 8037 §2).

use ed25519_dalek::SECRET_KEY_LENGTH;
use p256::elliptic_curve::sec1::ToEncodedPoint as _;
use rsa::traits::PublicKeyParts as _;
use rsa::{BigUint, RsaPrivateKey};
use serde_json::{Value, json};

use crate::key::Kind;
use crate::{Error, SigningKey, decode, encode};

impl SigningKey {
    /// Reads a private JWK: RSA with or without its primes, EC, OKP (Ed25519), or oct.
    ///
    /// # Errors
    ///
    /// A member is missing or wrong.
    pub fn from_jwk(jwk: &Value) -> Result<Self, Error> {
        let member = |name: &'static str| {
            let text = jwk.get(name).and_then(Value::as_str);
            text.and_then(decode).ok_or(Error::WrongMember(name))
        };
        let kind = match jwk.get("kty").and_then(Value::as_str) {
            Some("RSA") => {
                let number = |name| member(name).map(|bytes| BigUint::from_bytes_be(&bytes));
                let primes = match (number("p"), number("q")) {
                    (Ok(p), Ok(q)) => vec![p, q],
                    _ => Vec::new(),
                };
                let (n, e, d) = (number("n")?, number("e")?, number("d")?);
                let key = RsaPrivateKey::from_components(n, e, d, primes);
                Kind::Rsa(Box::new(key.map_err(|_| Error::UnknownKey)?))
            }
            Some("EC") => {
                let d = member("d")?;
                let wrong = |_| Error::WrongMember("d");
                match jwk.get("crv").and_then(Value::as_str) {
                    Some("P-256") => Kind::P256(p256::SecretKey::from_slice(&d).map_err(wrong)?),
                    Some("P-384") => Kind::P384(p384::SecretKey::from_slice(&d).map_err(wrong)?),
                    Some("P-521") => Kind::P521(p521::SecretKey::from_slice(&d).map_err(wrong)?),
                    _ => return Err(Error::WrongMember("crv")),
                }
            }
            Some("OKP") => {
                if jwk.get("crv").and_then(Value::as_str) != Some("Ed25519") {
                    return Err(Error::WrongMember("crv"));
                }
                let seed = <[u8; SECRET_KEY_LENGTH]>::try_from(member("d")?);
                let seed = seed.map_err(|_| Error::WrongMember("d"))?;
                Kind::Ed25519(Box::new(ed25519_dalek::SigningKey::from_bytes(&seed)))
            }
            Some("oct") => Kind::Oct(member("k")?),
            _ => return Err(Error::WrongMember("kty")),
        };
        Ok(Self(kind))
    }

    /// The JWK that a verifier needs. It is the public key, and for a secret (`oct`) it is the secret itself.
    #[must_use]
    pub fn verifying_jwk(&self) -> Value {
        match &self.0 {
            Kind::Rsa(key) => json!({
                "kty": "RSA",
                "n": encode(&key.n().to_bytes_be()),
                "e": encode(&key.e().to_bytes_be()),
            }),
            Kind::P256(key) => {
                let point = key.public_key().to_encoded_point(false);
                ec("P-256", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Kind::P384(key) => {
                let point = key.public_key().to_encoded_point(false);
                ec("P-384", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Kind::P521(key) => {
                let point = key.public_key().to_encoded_point(false);
                ec("P-521", point.x().map(|x| &**x), point.y().map(|y| &**y))
            }
            Kind::Ed25519(key) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encode(key.verifying_key().as_bytes())})
            }
            Kind::Oct(secret) => json!({"kty": "oct", "k": encode(secret)}),
        }
    }
}

/// Only the point at infinity has no coordinates, and no key is there.
fn ec(curve: &str, x: Option<&[u8]>, y: Option<&[u8]>) -> Value {
    json!({
        "kty": "EC",
        "crv": curve,
        "x": encode(x.unwrap_or_default()),
        "y": encode(y.unwrap_or_default()),
    })
}
