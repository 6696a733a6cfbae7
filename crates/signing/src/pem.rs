//! Keys as PEM (RFC 7468).

use ed25519_dalek::pkcs8::DecodePrivateKey as _;
use ed25519_dalek::pkcs8::EncodePublicKey as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use rsa::RsaPrivateKey;
use rsa::pkcs1::DecodeRsaPrivateKey as _;

use crate::key::Kind;
use crate::{Error, SigningKey};

impl SigningKey {
    /// Reads a private key: PKCS#8 (RFC 5958), PKCS#1 for RSA (RFC 8017 A.1.2), or SEC 1 for elliptic curves (RFC 5915).
    /// Other blocks and text before it are passed over.
    ///
    /// # Errors
    ///
    /// There is no private key, it is encrypted, or it is of another type.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        for (at, _) in text.match_indices("-----BEGIN ") {
            let Some(block) = text.get(at..) else {
                continue;
            };
            let label = block.lines().next().unwrap_or_default();
            let key = match label.trim_end() {
                "-----BEGIN PRIVATE KEY-----" => pkcs8(one(block)),
                "-----BEGIN RSA PRIVATE KEY-----" => RsaPrivateKey::from_pkcs1_pem(one(block))
                    .ok()
                    .map(|key| Kind::Rsa(Box::new(key))),
                "-----BEGIN EC PRIVATE KEY-----" => sec1(one(block)),
                "-----BEGIN ENCRYPTED PRIVATE KEY-----" => return Err(Error::Encrypted),
                _ => continue,
            };
            return key.map(Self).ok_or(Error::UnknownKey);
        }
        Err(Error::NoPrivateKey)
    }

    /// The public key as PEM (`PUBLIC KEY`, RFC 7468 §13). A secret has none.
    #[must_use]
    pub fn public_pem(&self) -> Option<String> {
        let line_end = LineEnding::LF;
        match &self.0 {
            Kind::Rsa(key) => key.to_public_key().to_public_key_pem(line_end).ok(),
            Kind::P256(key) => key.public_key().to_public_key_pem(line_end).ok(),
            Kind::P384(key) => key.public_key().to_public_key_pem(line_end).ok(),
            Kind::P521(key) => key.public_key().to_public_key_pem(line_end).ok(),
            Kind::Ed25519(key) => key.verifying_key().to_public_key_pem(line_end).ok(),
            Kind::Oct(_) => None,
        }
    }
}

/// The first block of a text that begins with one.
fn one(text: &str) -> &str {
    let end = text.find("-----END ").and_then(|at| {
        let line = text.get(at..)?.find('\n')?;
        text.get(..at.checked_add(line)?)
    });
    end.unwrap_or(text)
}

fn pkcs8(pem: &str) -> Option<Kind> {
    if let Ok(key) = RsaPrivateKey::from_pkcs8_pem(pem) {
        return Some(Kind::Rsa(Box::new(key)));
    }
    if let Ok(key) = ed25519_dalek::SigningKey::from_pkcs8_pem(pem) {
        return Some(Kind::Ed25519(Box::new(key)));
    }
    let p256 = p256::SecretKey::from_pkcs8_pem(pem).map(Kind::P256);
    p256.or_else(|_| p384::SecretKey::from_pkcs8_pem(pem).map(Kind::P384))
        .or_else(|_| p521::SecretKey::from_pkcs8_pem(pem).map(Kind::P521))
        .ok()
}

fn sec1(pem: &str) -> Option<Kind> {
    let p256 = p256::SecretKey::from_sec1_pem(pem).map(Kind::P256);
    p256.or_else(|_| p384::SecretKey::from_sec1_pem(pem).map(Kind::P384))
        .or_else(|_| p521::SecretKey::from_sec1_pem(pem).map(Kind::P521))
        .ok()
}
