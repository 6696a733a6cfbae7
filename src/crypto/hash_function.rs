//! The hash functions of signatures.

use hmac::{Hmac, Mac as _};
use sha2::{Sha256, Sha384, Sha512};

/// A hash function of FIPS 180-4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HashFunction {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// A hash: its bytes, and how many of them count.
#[derive(Clone, Copy, Debug)]
pub(super) struct HashValue {
    bytes: [u8; 64],
    length: usize,
}

impl HashValue {
    fn of(bytes: &[u8]) -> Self {
        let mut value = Self {
            bytes: [0; 64],
            length: bytes.len(),
        };
        for (to, from) in value.bytes.iter_mut().zip(bytes) {
            *to = *from;
        }
        value
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }
}

impl HashFunction {
    /// The length of a hash in bytes.
    #[must_use]
    pub const fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }

    /// The hash of these bytes, one part after the other.
    #[inline(never)]
    pub(super) fn hash(self, parts: &[&[u8]]) -> HashValue {
        match self {
            Self::Sha256 => HashValue::of(&hash_by::<Sha256>(parts)),
            Self::Sha384 => HashValue::of(&hash_by::<Sha384>(parts)),
            Self::Sha512 => HashValue::of(&hash_by::<Sha512>(parts)),
        }
    }

    /// Whether `code` is the whole HMAC of the message (RFC 2104). The comparison takes constant time.
    #[inline(never)]
    pub(super) fn verify_hmac(self, secret: &[u8], message: &[u8], code: &[u8]) -> bool {
        // A secret of any length is a key, so none is refused here.
        match self {
            Self::Sha256 => Hmac::<Sha256>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok()),
            Self::Sha384 => Hmac::<Sha384>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok()),
            Self::Sha512 => Hmac::<Sha512>::new_from_slice(secret)
                .is_ok_and(|mac| mac.chain_update(message).verify_slice(code).is_ok()),
        }
    }
}

fn hash_by<D: sha2::Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}
