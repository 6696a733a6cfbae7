//! The hash functions of signatures.

use sha2::{Sha256, Sha384, Sha512};

use crate::secret::constant_time_eq;

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

    /// The length of the blocks that it works on, in bytes (RFC 2104, section 2).
    const fn block_length(self) -> usize {
        match self {
            Self::Sha256 => 64,
            Self::Sha384 | Self::Sha512 => 128,
        }
    }

    /// The HMAC of the message (RFC 2104, section 2). It is written here because the crate `hmac` makes code of its own for each
    /// hash function: 10 kB of the module.
    fn hmac(self, secret: &[u8], message: &[u8]) -> HashValue {
        let long = (secret.len() > self.block_length()).then(|| self.hash(&[secret]));
        let key = long.as_ref().map_or(secret, HashValue::as_bytes);
        let padded = |pad: u8| {
            let mut block = [pad; 128];
            for (byte, key) in block.iter_mut().zip(key) {
                *byte ^= key;
            }
            block
        };
        let (inner, outer) = (padded(0x36), padded(0x5c));
        let block = |bytes| <[u8]>::get(bytes, ..self.block_length()).unwrap_or_default();
        let hash = self.hash(&[block(&inner), message]);
        self.hash(&[block(&outer), hash.as_bytes()])
    }

    /// Whether `code` is the whole HMAC of the message. The comparison takes constant time.
    #[inline(never)]
    pub(super) fn verify_hmac(self, secret: &[u8], message: &[u8], code: &[u8]) -> bool {
        constant_time_eq(self.hmac(secret, message).as_bytes(), code)
    }
}

fn hash_by<D: sha2::Digest>(parts: &[&[u8]]) -> sha2::digest::Output<D> {
    let mut hasher = D::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}
