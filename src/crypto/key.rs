//! Keys that verify signatures.

use std::time::Duration;

use ed25519_dalek::Signature;

use crate::secret::Secret;

use super::algorithm::Algorithm;
#[cfg(test)]
use super::algorithm::KeyFamily;
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
    #[cfg(test)]
    pub(super) const fn family(&self) -> KeyFamily {
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

    /// How long one verification of a message of so many bytes takes at most on a slow machine, in the module. It bounds how
    /// many a client can cause.
    #[must_use]
    pub fn cost(
        &self,
        algorithm: Algorithm,
        length: usize,
        host: &mut dyn HostVerifier,
    ) -> Duration {
        let here = cost::of_hashing(length);
        let by_host = cost::of_hashing_by_host(length);
        let (verification, hashing) = match (&self.0, algorithm) {
            (Kind::Rsa(key), Algorithm::Rs(_)) if host.verifies(HostKey::Rsa) => {
                (cost::of_rsa_by_host(key), by_host)
            }
            (Kind::Rsa(key), _) => (cost::of_rsa(key), here),
            (Kind::Ec(key), _) => (cost::of_ec(key.curve), by_host),
            (Kind::Ed25519(_), _) => (cost::OF_ED25519, here),
            (Kind::Hmac(_), _) => (cost::OF_HMAC, here),
        };
        verification.saturating_add(hashing)
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::crypto::NativeVerifier;

    /// A point on P-256: its generator.
    const X: &str = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296";
    const Y: &str = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

    fn bytes(digits: &str) -> Vec<u8> {
        let pairs = digits.as_bytes().chunks(2);
        let texts = pairs.map(|pair| std::str::from_utf8(pair).unwrap());
        texts
            .map(|pair| u8::from_str_radix(pair, 16).unwrap())
            .collect()
    }

    fn modulus() -> [u8; 256] {
        let mut modulus = [0x5a; 256];
        modulus[0] = 0xc3;
        modulus[255] = 0x11;
        modulus
    }

    /// One key of each kind.
    fn keys() -> [VerifyingKey; 4] {
        [
            VerifyingKey::rsa(&modulus(), &[1, 0, 1]).unwrap(),
            VerifyingKey::ec(Curve::P256, &bytes(X), &bytes(Y)).unwrap(),
            VerifyingKey::ed25519(&[0x58; 32])
                .or_else(|_| {
                    VerifyingKey::ed25519(&[
                        0xd7, 0x5a, 0x98, 0x01, 0x82, 0xb1, 0x0a, 0xb7, 0xd5, 0x4b, 0xfe, 0xd3,
                        0xc9, 0x64, 0x07, 0x3a, 0x0e, 0xe1, 0x72, 0xf3, 0xda, 0xa6, 0x23, 0x25,
                        0xaf, 0x02, 0x1a, 0x68, 0xf7, 0x07, 0x51, 0x1a,
                    ])
                })
                .unwrap(),
            VerifyingKey::hmac(&[7; 32]).unwrap(),
        ]
    }

    #[test]
    fn a_point_must_be_on_its_curve() {
        let (x, y) = (bytes(X), bytes(Y));
        let ec = VerifyingKey::ec;
        let not = KeyError::NotOnCurve(Curve::P256);
        assert_eq!(ec(Curve::P256, &y, &x).unwrap_err(), not);
        assert_eq!(ec(Curve::P256, &[0; 32], &[0; 32]).unwrap_err(), not);
        // Not less than the prime.
        assert_eq!(ec(Curve::P256, &[0xff; 32], &y).unwrap_err(), not);
        for place in 0..32 {
            let mut other = x.clone();
            other[place] ^= 1;
            assert_eq!(ec(Curve::P256, &other, &y).unwrap_err(), not);
        }
        let long = [&[0][..], &x].concat();
        for (x, y) in [(&x[1..], &y[..]), (&x, &y[1..]), (&long, &y), (&[], &[])] {
            let refused = ec(Curve::P256, x, y).unwrap_err();
            assert_eq!(refused, KeyError::CoordinateLength(Curve::P256));
        }
    }

    #[test]
    fn ed25519_refuses_other_lengths_and_weak_points() {
        let refused = |bytes: &[u8]| VerifyingKey::ed25519(bytes).unwrap_err();
        assert_eq!(refused(&[1; 31]), KeyError::Ed25519Length);
        assert_eq!(refused(&[1; 33]), KeyError::Ed25519Length);
        let mut neutral = [0; 32];
        assert_eq!(refused(&neutral), KeyError::Ed25519Point);
        neutral[0] = 1;
        assert_eq!(refused(&neutral), KeyError::Ed25519Point);
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash() {
        assert_eq!(
            VerifyingKey::hmac(&[1; 31]).unwrap_err(),
            KeyError::ShortSecret
        );
        let names = |length: usize| {
            let key = VerifyingKey::hmac(&vec![1; length]).unwrap();
            let allowed = Algorithm::ALL
                .into_iter()
                .filter(|algorithm| key.allows(*algorithm));
            allowed.map(Algorithm::name).collect::<Vec<_>>()
        };
        assert_eq!(names(32), ["HS256"]);
        assert_eq!(names(48), ["HS256", "HS384"]);
        assert_eq!(names(64), ["HS256", "HS384", "HS512"]);
    }

    #[test]
    fn a_key_allows_only_the_algorithms_of_its_kind() {
        let counts = keys().map(|key| {
            let allowed = Algorithm::ALL
                .into_iter()
                .filter(|algorithm| key.allows(*algorithm));
            allowed
                .inspect(|algorithm| assert_eq!(algorithm.family(), key.family()))
                .count()
        });
        assert_eq!(counts, [6, 1, 1, 1]);
        // The public key as the secret of an HMAC is no way in.
        let [rsa, ..] = keys();
        let hs256 = Algorithm::Hs(HashFunction::Sha256);
        assert_eq!(
            rsa.verify(hs256, b"", &[0; 32], &mut NativeVerifier),
            Ok(false)
        );
    }

    #[test]
    fn each_verification_has_a_cost() {
        for key in keys() {
            for algorithm in Algorithm::ALL {
                let cost = key.cost(algorithm, 1000, &mut NativeVerifier);
                assert!(
                    (1..5000).contains(&cost.as_micros()),
                    "{key:?} {algorithm:?}"
                );
            }
        }
    }

    /// Clients choose the length, and which key is new. An RSA key is prepared by its first verification here.
    #[test]
    fn a_cost_grows_with_all_that_is_to_be_done() {
        struct NoFunction;
        impl HostVerifier for NoFunction {}
        let [rsa, .., hmac] = keys();
        let (rs, ps) = (Algorithm::ALL[0], Algorithm::ALL[3]);
        let hs = Algorithm::Hs(HashFunction::Sha256);
        let short = hmac.cost(hs, 100, &mut NoFunction);
        assert!(hmac.cost(hs, 16_000, &mut NoFunction) > short.saturating_mul(5));
        let by_host = rsa.cost(rs, 100, &mut NativeVerifier);
        assert!(rsa.cost(rs, 100, &mut NoFunction) > by_host.saturating_mul(5));
        let first = rsa.cost(ps, 100, &mut NoFunction);
        assert_eq!(rsa.verify(ps, b"m", &[1; 256], &mut NoFunction), Ok(false));
        assert!(rsa.cost(ps, 100, &mut NoFunction) < first);
    }

    /// Only those that the host has no function for.
    #[test]
    fn without_a_host_only_ecdsa_is_unsupported() {
        struct NoFunction;
        impl HostVerifier for NoFunction {}
        for key in keys() {
            for algorithm in Algorithm::ALL {
                let answer = key.verify(algorithm, b"m", &[1; 64], &mut NoFunction);
                let is_es = key.family() == KeyFamily::Ec && key.allows(algorithm);
                assert_eq!(answer, if is_es { Err(Unsupported) } else { Ok(false) });
            }
        }
    }

    proptest! {
        #[test]
        fn no_signature_traps(seed in prop::collection::vec(any::<u8>(), 0..200), length in 0..300_usize) {
            let signature: Vec<u8> = seed.iter().copied().cycle().take(length).collect();
            for key in keys() {
                for algorithm in Algorithm::ALL {
                    let answer = key.verify(algorithm, &seed, &signature, &mut NativeVerifier);
                    prop_assert_eq!(answer, Ok(false));
                }
            }
        }

        #[test]
        fn no_key_traps(bytes in prop::collection::vec(any::<u8>(), 0..700), text in ".{0,200}", label in "(RSA )?(PUBLIC|PRIVATE) KEY") {
            let _ = VerifyingKey::rsa(&bytes, &[1, 0, 1]);
            for curve in Curve::ALL {
                let length = curve.coordinate_length();
                let (x, y) = bytes.split_at(length.min(bytes.len()));
                let _ = VerifyingKey::ec(curve, x, y.get(..length).unwrap_or(y));
            }
            let _ = VerifyingKey::ed25519(bytes.get(..32).unwrap_or(&bytes));
            let _ = VerifyingKey::from_pem(&text);
            let _ = VerifyingKey::from_pem(&format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----"));
            let _ = (spki::read(&bytes), spki::read_rsa(&bytes));
        }
    }
}
