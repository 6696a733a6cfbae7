//! The curves of ECDSA.

use super::hash_function::HashFunction;

/// A curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Curve {
    /// P-256, of ES256.
    P256,
    /// P-384, of ES384.
    P384,
    /// P-521, of ES512.
    P521,
}

impl Curve {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// Its name, as in a JSON Web Key (RFC 7518, section 6.2.1.1).
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::P256 => "P-256",
            Self::P384 => "P-384",
            Self::P521 => "P-521",
        }
    }

    /// The curve of this name. The case counts.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|curve| curve.name() == name)
    }

    /// The length of a coordinate in bytes. A signature is twice as long.
    #[must_use]
    pub const fn coordinate_length(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    /// The hash function of its algorithm.
    #[must_use]
    pub const fn hash_function(self) -> HashFunction {
        match self {
            Self::P256 => HashFunction::Sha256,
            Self::P384 => HashFunction::Sha384,
            Self::P521 => HashFunction::Sha512,
        }
    }
}
