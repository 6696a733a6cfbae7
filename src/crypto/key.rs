//! Keys that verify signatures.

use std::time::Duration;

use ed25519_dalek::Signature;

use crate::secret::Secret;

use super::algorithm::{Algorithm, KeyFamily};
use super::cost;
use super::curve::Curve;
use super::ec::EcKey;
use super::error::KeyError;
use super::hash_function::HashFunction;
use super::host::{HostKey, HostVerifier, SignatureCheck, Unsupported};
use super::pem::{self, Content};
use super::rsa::RsaKey;
use super::spki::{self, KeyParts};

/// The fewest bytes of an HMAC's secret: those of the shortest hash (RFC 7518, section 3.2).
const SHORTEST_SECRET: usize = 32;

/// A key that verifies signatures, prepared for it. It prints nothing of itself but its kind.
#[derive(Clone, Debug)]
pub struct VerifyingKey(Kind);

#[derive(Clone, Debug)]
enum Kind {
    Rsa(RsaKey),
    Ec(EcKey),
    Ed25519(ed25519_dalek::VerifyingKey),
    Hmac(Secret),
}

impl VerifyingKey {
    /// An RSA key of a modulus and an exponent, both big-endian. Leading zeros don't count.
    ///
    /// # Errors
    /// A modulus that is even, or has less than 2048 or more than 8192 bits; an exponent that is even, less than 3, or 2³³ or more.
    pub fn rsa(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        RsaKey::new(modulus, exponent).map(|key| Self(Kind::Rsa(key)))
    }

    /// An ECDSA key of the coordinates of a point, both big-endian.
    ///
    /// # Errors
    /// A coordinate of another length than the curve's; a point that is not on the curve.
    pub fn ec(curve: Curve, x: &[u8], y: &[u8]) -> Result<Self, KeyError> {
        EcKey::new(curve, x, y).map(|key| Self(Kind::Ec(key)))
    }

    /// An Ed25519 key (RFC 8032, section 5.1.5).
    ///
    /// # Errors
    /// Another length than 32 bytes; no point of the curve, or one of small order.
    pub fn ed25519(bytes: &[u8]) -> Result<Self, KeyError> {
        let bytes = bytes.try_into().map_err(|_| KeyError::Ed25519Length)?;
        ed25519_dalek::VerifyingKey::from_bytes(bytes)
            .ok()
            .filter(|key| !key.is_weak())
            .map(|key| Self(Kind::Ed25519(key)))
            .ok_or(KeyError::Ed25519Point)
    }

    /// The secret of an HMAC.
    ///
    /// # Errors
    /// A secret of less than 32 bytes: no algorithm allows it.
    pub fn hmac(secret: &[u8]) -> Result<Self, KeyError> {
        if secret.len() < SHORTEST_SECRET {
            return Err(KeyError::ShortSecret);
        }
        Ok(Self(Kind::Hmac(Secret::new(secret))))
    }

    /// The public key in a text of PEM: `PUBLIC KEY` (RSA, EC, Ed25519) or `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// Anything but one such block; a key that can't be used. The error contains nothing of the text.
    pub fn from_pem(text: &str) -> Result<Self, KeyError> {
        let (content, bytes) = pem::read(text)?;
        Self::of(match content {
            Content::Spki => spki::read(&bytes)?,
            Content::Rsa => spki::read_rsa(&bytes)?,
        })
    }

    /// The key of these parts.
    pub(super) fn of(parts: KeyParts<'_>) -> Result<Self, KeyError> {
        match parts {
            KeyParts::Rsa(modulus, exponent) => Self::rsa(modulus, exponent),
            KeyParts::Ec(curve, x, y) => Self::ec(curve, x, y),
            KeyParts::Ed25519(key) => Self::ed25519(key),
        }
    }

    /// Its kind.
    #[must_use]
    pub const fn family(&self) -> KeyFamily {
        match &self.0 {
            Kind::Rsa(_) => KeyFamily::Rsa,
            Kind::Ec(_) => KeyFamily::Ec,
            Kind::Ed25519(_) => KeyFamily::Ed25519,
            Kind::Hmac(_) => KeyFamily::Hmac,
        }
    }

    /// Whether it may verify signatures of this algorithm. A secret must be at least as long as the hash (RFC 7518, section 3.2).
    #[must_use]
    pub fn allows(&self, algorithm: Algorithm) -> bool {
        match (&self.0, algorithm) {
            (Kind::Rsa(_), Algorithm::Rs(_) | Algorithm::Ps(_))
            | (Kind::Ed25519(_), Algorithm::EdDsa) => true,
            (Kind::Ec(key), Algorithm::Es(curve)) => key.curve == curve,
            (Kind::Hmac(secret), Algorithm::Hs(hash)) => secret.expose().len() >= hash.length(),
            _ => false,
        }
    }

    /// How long one verification takes at most on a slow machine, in the module. It bounds how many a client can cause.
    ///
    /// RS256 to RS512 are counted as the proxy does them. Where the proxy can't, they cost what PS256 to PS512 cost.
    #[must_use]
    pub fn cost(&self, algorithm: Algorithm) -> Duration {
        match (&self.0, algorithm) {
            (Kind::Rsa(key), Algorithm::Rs(_)) => cost::of_rsa_by_host(key),
            (Kind::Rsa(key), _) => cost::of_rsa(key),
            (Kind::Ec(key), _) => cost::of_ec(key.curve),
            (Kind::Ed25519(_), _) => cost::OF_ED25519,
            (Kind::Hmac(_), _) => cost::OF_HMAC,
        }
    }

    /// Whether the signature of the message is good: by this key and this algorithm, which the key must allow.
    ///
    /// # Errors
    /// [`Unsupported`]: only the host could tell, and it has no function for that.
    pub fn verify(
        &self,
        algorithm: Algorithm,
        message: &[u8],
        signature: &[u8],
        host: &mut dyn HostVerifier,
    ) -> Result<bool, Unsupported> {
        if !self.allows(algorithm) {
            return Ok(false);
        }
        Ok(match (&self.0, algorithm) {
            (Kind::Rsa(key), Algorithm::Rs(hash)) => verify_rs(key, hash, message, signature, host),
            (Kind::Rsa(key), Algorithm::Ps(hash)) => key.verify_pss(hash, message, signature),
            (Kind::Ec(key), Algorithm::Es(_)) => return verify_es(key, message, signature, host),
            (Kind::Ed25519(key), Algorithm::EdDsa) => Signature::from_slice(signature)
                .is_ok_and(|signature| key.verify_strict(message, &signature).is_ok()),
            (Kind::Hmac(secret), Algorithm::Hs(hash)) => {
                hash.verify_hmac(secret.expose(), message, signature)
            }
            _ => false,
        })
    }

    /// The RSA key, if it is one.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) const fn as_rsa(&self) -> Option<&RsaKey> {
        match &self.0 {
            Kind::Rsa(key) => Some(key),
            Kind::Ec(_) | Kind::Ed25519(_) | Kind::Hmac(_) => None,
        }
    }

    /// The point on a curve, if it is one.
    #[cfg(not(target_arch = "wasm32"))]
    pub(super) const fn as_ec(&self) -> Option<&EcKey> {
        match &self.0 {
            Kind::Ec(key) => Some(key),
            Kind::Rsa(_) | Kind::Ed25519(_) | Kind::Hmac(_) => None,
        }
    }
}

fn verify_rs(
    key: &RsaKey,
    hash: HashFunction,
    message: &[u8],
    signature: &[u8],
    host: &mut dyn HostVerifier,
) -> bool {
    // A useless question costs the host as much as another.
    if signature.len() != key.length() {
        return false;
    }
    let answer = host.verify_signature(&SignatureCheck {
        kind: HostKey::Rsa,
        hash,
        key: &key.spki,
        signature,
        message,
    });
    answer.unwrap_or_else(|| key.verify_pkcs1(hash, message, signature))
}

fn verify_es(
    key: &EcKey,
    message: &[u8],
    signature: &[u8],
    host: &mut dyn HostVerifier,
) -> Result<bool, Unsupported> {
    let Some(signature) = key.signature_in_der(signature) else {
        return Ok(false);
    };
    let answer = host.verify_signature(&SignatureCheck {
        kind: HostKey::Ec(key.curve),
        hash: key.curve.hash_function(),
        key: &key.spki,
        signature: &signature,
        message,
    });
    answer.ok_or(Unsupported)
}
