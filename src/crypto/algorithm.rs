//! The algorithms of signatures, by their names in JSON Web Algorithms.

use super::curve::Curve;
use super::hash_function::HashFunction;

/// An algorithm of RFC 7518, section 3.1, or RFC 8037, section 3.1. `none` is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5: RS256, RS384, RS512.
    Rs(HashFunction),
    /// RSASSA-PSS with MGF1 of the same hash function and a salt as long as the hash: PS256, PS384, PS512.
    Ps(HashFunction),
    /// ECDSA. The curve determines the hash function: ES256, ES384, ES512.
    Es(Curve),
    /// `EdDSA`, of which only Ed25519 is supported.
    EdDsa,
    /// HMAC: HS256, HS384, HS512.
    Hs(HashFunction),
}

/// The kind of key that an algorithm needs.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyFamily {
    /// An RSA public key.
    Rsa,
    /// A public key on one of three curves.
    Ec,
    /// An Ed25519 public key.
    Ed25519,
    /// A secret that signer and verifier share.
    Hmac,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Rs(HashFunction::Sha256),
        Self::Rs(HashFunction::Sha384),
        Self::Rs(HashFunction::Sha512),
        Self::Ps(HashFunction::Sha256),
        Self::Ps(HashFunction::Sha384),
        Self::Ps(HashFunction::Sha512),
        Self::Es(Curve::P256),
        Self::Es(Curve::P384),
        Self::Es(Curve::P521),
        Self::EdDsa,
        Self::Hs(HashFunction::Sha256),
        Self::Hs(HashFunction::Sha384),
        Self::Hs(HashFunction::Sha512),
    ];

    /// The algorithm of this name. The case counts (RFC 7515, section 4.1.1).
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }

    /// Its name, as in the header of a token.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs(HashFunction::Sha256) => "RS256",
            Self::Rs(HashFunction::Sha384) => "RS384",
            Self::Rs(HashFunction::Sha512) => "RS512",
            Self::Ps(HashFunction::Sha256) => "PS256",
            Self::Ps(HashFunction::Sha384) => "PS384",
            Self::Ps(HashFunction::Sha512) => "PS512",
            Self::Es(Curve::P256) => "ES256",
            Self::Es(Curve::P384) => "ES384",
            Self::Es(Curve::P521) => "ES512",
            Self::EdDsa => "EdDSA",
            Self::Hs(HashFunction::Sha256) => "HS256",
            Self::Hs(HashFunction::Sha384) => "HS384",
            Self::Hs(HashFunction::Sha512) => "HS512",
        }
    }

    /// Whether the key that verifies can sign too.
    #[must_use]
    pub const fn is_symmetric(self) -> bool {
        matches!(self, Self::Hs(_))
    }

    /// The kind of key that it needs.
    #[cfg(test)]
    pub(super) const fn family(self) -> KeyFamily {
        match self {
            Self::Rs(_) | Self::Ps(_) => KeyFamily::Rsa,
            Self::Es(_) => KeyFamily::Ec,
            Self::EdDsa => KeyFamily::Ed25519,
            Self::Hs(_) => KeyFamily::Hmac,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_algorithm_by_its_exact_name() {
        for algorithm in Algorithm::ALL {
            let name = algorithm.name();
            assert_eq!(Algorithm::named(name), Some(algorithm));
            assert_eq!(Algorithm::named(&name.to_lowercase()), None);
            assert_eq!(Algorithm::named(&format!("{name} ")), None);
        }
        for other in ["", "none", "None", "ES256K", "HS1", "RS1", "EDDSA", "Ed448"] {
            assert_eq!(Algorithm::named(other), None, "{other}");
        }
    }
}
