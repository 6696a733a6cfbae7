//! Private keys.

use std::fmt;

use hmac::{Hmac, Mac as _};
use rsa::traits::PrivateKeyParts as _;
use rsa::{Pkcs1v15Sign, Pss, RsaPrivateKey};
use sha2::{Sha256, Sha384, Sha512};

use p256::ecdsa::signature::{RandomizedSigner as _, SignatureEncoding as _, Signer as _};

use crate::Error;
use crate::algorithm::{Algorithm, Hash};
use crate::derived::Derived;

/// A key that signs tokens.
#[derive(Clone)]
pub struct SigningKey(pub(crate) Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    Rsa(Box<RsaPrivateKey>),
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Ed25519(Box<ed25519_dalek::SigningKey>),
    Oct(Vec<u8>),
}

impl SigningKey {
    /// A secret of HMAC. It may have any length, even if RFC 7518 §3.2 wants more.
    #[must_use]
    pub fn oct(secret: &[u8]) -> Self {
        Self(Kind::Oct(secret.to_vec()))
    }

    /// The key's type: `RSA`, its curve, or `oct`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match &self.0 {
            Kind::Rsa(_) => "RSA",
            Kind::P256(_) => "P-256",
            Kind::P384(_) => "P-384",
            Kind::P521(_) => "P-521",
            Kind::Ed25519(_) => "Ed25519",
            Kind::Oct(_) => "oct",
        }
    }

    /// The algorithm that a key of this type usually signs by. For a secret it is the longest hash that the secret is long
    /// enough for, and HS256 at least.
    #[must_use]
    pub fn default_algorithm(&self) -> &'static str {
        match &self.0 {
            Kind::Rsa(_) => "RS256",
            Kind::P256(_) => "ES256",
            Kind::P384(_) => "ES384",
            Kind::P521(_) => "ES512",
            Kind::Ed25519(_) => "EdDSA",
            Kind::Oct(secret) if secret.len() >= 64 => "HS512",
            Kind::Oct(secret) if secret.len() >= 48 => "HS384",
            Kind::Oct(_) => "HS256",
        }
    }

    /// The signature of a message, in the form of RFC 7518 §3 and RFC 8037 §3.1.
    ///
    /// # Errors
    ///
    /// The algorithm is unknown, or isn't one of the key's.
    pub fn sign(&self, algorithm: &str, message: &[u8]) -> Result<Vec<u8>, Error> {
        let known = Algorithm::named(algorithm);
        let known = known.ok_or_else(|| Error::UnknownAlgorithm(algorithm.to_owned()))?;
        let signed = match (&self.0, known) {
            (Kind::Rsa(key), Algorithm::Pkcs1(hash)) => pkcs1(key, hash, message),
            (Kind::Rsa(key), Algorithm::Pss(hash)) => pss(key, hash, message),
            (Kind::P256(key), Algorithm::Ecdsa(Hash::Sha256)) => {
                let signature: Result<p256::ecdsa::Signature, _> =
                    p256::ecdsa::SigningKey::from(key).try_sign(message);
                signature.ok().map(|signature| signature.to_vec())
            }
            (Kind::P384(key), Algorithm::Ecdsa(Hash::Sha384)) => {
                let signature: Result<p384::ecdsa::Signature, _> =
                    p384::ecdsa::SigningKey::from(key).try_sign(message);
                signature.ok().map(|signature| signature.to_vec())
            }
            (Kind::P521(key), Algorithm::Ecdsa(Hash::Sha512)) => es512(key, message),
            (Kind::Ed25519(key), Algorithm::EdDsa) => Some(key.sign(message).to_bytes().to_vec()),
            (Kind::Oct(secret), Algorithm::Hmac(hash)) => hmac(secret, hash, message),
            _ => {
                return Err(Error::WrongKey {
                    key: self.kind(),
                    algorithm: algorithm.to_owned(),
                });
            }
        };
        signed.ok_or(Error::TooSmall)
    }
}

fn pkcs1(key: &RsaPrivateKey, hash: Hash, message: &[u8]) -> Option<Vec<u8>> {
    let padding = match hash {
        Hash::Sha256 => Pkcs1v15Sign::new::<Sha256>(),
        Hash::Sha384 => Pkcs1v15Sign::new::<Sha384>(),
        Hash::Sha512 => Pkcs1v15Sign::new::<Sha512>(),
    };
    key.sign(padding, &hash.digest(message)).ok()
}

/// The salt is as long as the hash (RFC 7518 §3.5).
fn pss(key: &RsaPrivateKey, hash: Hash, message: &[u8]) -> Option<Vec<u8>> {
    let padding = match hash {
        Hash::Sha256 => Pss::new::<Sha256>(),
        Hash::Sha384 => Pss::new::<Sha384>(),
        Hash::Sha512 => Pss::new::<Sha512>(),
    };
    let mut salt = Derived::new(&key.d().to_bytes_be(), message);
    key.sign_with_rng(&mut salt, padding, &hash.digest(message))
        .ok()
}

/// `p521` has no nonce of RFC 6979, so this one is derived as that RFC means it.
fn es512(key: &p521::SecretKey, message: &[u8]) -> Option<Vec<u8>> {
    let scalar = key.to_bytes();
    let mut nonce = Derived::new(&scalar, message);
    let key = p521::ecdsa::SigningKey::from_bytes(&scalar).ok()?;
    let signature: p521::ecdsa::Signature = key.try_sign_with_rng(&mut nonce, message).ok()?;
    Some(signature.to_vec())
}

fn hmac(secret: &[u8], hash: Hash, message: &[u8]) -> Option<Vec<u8>> {
    Some(match hash {
        Hash::Sha256 => {
            let mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
            mac.chain_update(message).finalize().into_bytes().to_vec()
        }
        Hash::Sha384 => {
            let mac = Hmac::<Sha384>::new_from_slice(secret).ok()?;
            mac.chain_update(message).finalize().into_bytes().to_vec()
        }
        Hash::Sha512 => {
            let mac = Hmac::<Sha512>::new_from_slice(secret).ok()?;
            mac.chain_update(message).finalize().into_bytes().to_vec()
        }
    })
}

/// The key's type, and nothing of the key.
impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SigningKey({})", self.kind())
    }
}
