//! RSA public keys, and their signatures (RFC 8017).

use super::error::KeyError;
use super::hash_function::HashFunction;
use super::modulus::Modulus;
use super::spki;

/// The fewest and the most bits of a modulus. RFC 7518 (section 3.3) demands at least 2048. A verification by a key of more
/// than 8192 bits would stop a worker for milliseconds.
const BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// An exponent is less than 2 to this power, as in common libraries.
const EXPONENT_BITS: u32 = 33;

/// A public key.
#[derive(Clone)]
pub(super) struct RsaKey {
    modulus: Modulus,
    exponent: u64,
    /// The key as a host reads it.
    pub(super) spki: Box<[u8]>,
}

impl std::fmt::Debug for RsaKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RsaKey")
            .field("bits", &self.bits())
            .finish_non_exhaustive()
    }
}

impl RsaKey {
    pub(super) fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, KeyError> {
        let (modulus, exponent) = (digits(modulus), digits(exponent));
        let zeros = modulus.first().map_or(0, |top| top.leading_zeros());
        let unused = usize::try_from(zeros).unwrap_or(0);
        let bits = modulus.len().saturating_mul(8).saturating_sub(unused);
        if !BITS.contains(&bits) {
            return Err(KeyError::ModulusSize(bits));
        }
        let spki = spki::of_rsa(modulus, exponent);
        let modulus = Modulus::new(modulus).ok_or(KeyError::EvenModulus)?;
        let exponent = small(exponent).ok_or(KeyError::Exponent)?;
        Ok(Self {
            modulus,
            exponent,
            spki,
        })
    }

    /// The number of bits of the modulus.
    pub(super) fn bits(&self) -> usize {
        self.modulus.bits()
    }

    /// The length of the modulus and of each signature in bytes.
    pub(super) fn length(&self) -> usize {
        self.bits().div_ceil(8)
    }

    /// Whether a verification here finds everything prepared.
    pub(super) fn is_prepared(&self) -> bool {
        self.modulus.is_prepared()
    }

    /// Whether the exponent has more bits than the usual one, 65537: then a verification takes longer.
    pub(super) const fn has_large_exponent(&self) -> bool {
        self.exponent > 65_537
    }

    /// The encoded message of a signature (RFC 8017, section 5.2.2), as long as the modulus. `None` for a signature that
    /// no signer makes: of another length, or not less than the modulus.
    fn open(&self, signature: &[u8]) -> Option<Vec<u8>> {
        let length = self.length();
        if signature.len() != length {
            return None;
        }
        let signature = self.modulus.residue(signature)?;
        let mut message = self.modulus.power(&signature, self.exponent);
        let zeros = message.len().checked_sub(length)?;
        message.drain(..zeros);
        Some(message)
    }

    /// Whether this is an RSASSA-PKCS1-v1_5 signature of the message (RFC 8017, section 8.2.2). It builds the one encoding that
    /// is right and compares it: a parser of encodings would accept others.
    pub(super) fn verify_pkcs1(
        &self,
        hash: HashFunction,
        message: &[u8],
        signature: &[u8],
    ) -> bool {
        let Some(opened) = self.open(signature) else {
            return false;
        };
        let digest = hash.hash(&[message]);
        let info = digest_info(hash);
        let ends = info.len().saturating_add(hash.length());
        let Some(padding) = self.length().checked_sub(ends.saturating_add(3)) else {
            return false;
        };
        let padding = vec![0xff; padding];
        let parts: [&[u8]; 5] = [&[0, 1], &padding, &[0], info, digest.as_bytes()];
        opened == parts.concat()
    }

    /// Whether this is an RSASSA-PSS signature of the message (RFC 8017, sections 8.1.2 and 9.1.2), with MGF1 of the same hash
    /// function and a salt as long as the hash (RFC 7518, section 3.5).
    pub(super) fn verify_pss(&self, hash: HashFunction, message: &[u8], signature: &[u8]) -> bool {
        let opened = self.open(signature);
        opened.is_some_and(|opened| self.is_pss(hash, message, &opened) == Some(true))
    }

    /// `None` is a no.
    fn is_pss(&self, hash: HashFunction, message: &[u8], opened: &[u8]) -> Option<bool> {
        // The encoded message has one bit less than the modulus, and so sometimes one byte less.
        let bits = self.bits().checked_sub(1)?;
        let unused = bits.div_ceil(8).checked_mul(8)?.checked_sub(bits)?;
        let top_mask = 0xff_u8.checked_shr(u32::try_from(unused).ok()?)?;
        let encoded = if bits % 8 == 0 {
            opened.strip_prefix(&[0])?
        } else {
            opened
        };
        let encoded = encoded.strip_suffix(&[0xbc])?;
        let (masked, digest) =
            encoded.split_at_checked(encoded.len().checked_sub(hash.length())?)?;
        let (top, _) = masked.split_first()?;
        if top & !top_mask != 0 {
            return None;
        }
        let mut block = masked.to_vec();
        unmask(hash, digest, &mut block);
        *block.first_mut()? &= top_mask;
        let (start, salt) = block.split_at_checked(block.len().checked_sub(hash.length())?)?;
        let (one, zeros) = start.split_last()?;
        if *one != 1 || zeros.iter().any(|byte| *byte != 0) {
            return None;
        }
        let of_message = hash.hash(&[message]);
        let wanted = hash.hash(&[&[0; 8], of_message.as_bytes(), salt]);
        Some(wanted.as_bytes() == digest)
    }
}

/// Without leading zeros.
fn digits(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

/// The exponent of these digits, if it is one.
fn small(digits: &[u8]) -> Option<u64> {
    let mut bytes = [0_u8; 8];
    let place = bytes.len().checked_sub(digits.len())?;
    bytes.get_mut(place..)?.copy_from_slice(digits);
    let exponent = u64::from_be_bytes(bytes);
    let is_small = exponent.checked_shr(EXPONENT_BITS) == Some(0);
    (exponent >= 3 && exponent & 1 == 1 && is_small).then_some(exponent)
}

/// Combines bytes with the mask of a seed (MGF1: RFC 8017, appendix B.2.1).
fn unmask(hash: HashFunction, seed: &[u8], bytes: &mut [u8]) {
    for (counter, chunk) in (0_u32..).zip(bytes.chunks_mut(hash.length())) {
        let mask = hash.hash(&[seed, &counter.to_be_bytes()]);
        for (byte, mask) in chunk.iter_mut().zip(mask.as_bytes()) {
            *byte ^= mask;
        }
    }
}

/// The start of `DigestInfo` in DER, up to the hash (RFC 8017, section 9.2).
const fn digest_info(hash: HashFunction) -> &'static [u8] {
    match hash {
        HashFunction::Sha256 => &[
            0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x01, 0x05, 0x00, 0x04, 0x20,
        ],
        HashFunction::Sha384 => &[
            0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x02, 0x05, 0x00, 0x04, 0x30,
        ],
        HashFunction::Sha512 => &[
            0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
            0x03, 0x05, 0x00, 0x04, 0x40,
        ],
    }
}

#[cfg(test)]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "a test that overflows has failed"
)]
mod tests {
    use super::*;

    /// A number of so many bits, odd.
    fn number(bits: usize) -> Vec<u8> {
        let mut bytes = vec![0xa5; bits.div_ceil(8)];
        bytes[0] = 1 << ((bits + 7) % 8);
        bytes
    }

    #[test]
    fn takes_moduli_of_2048_to_8192_bits() {
        for bits in [2048, 2049, 2056, 3072, 4095, 8191, 8192] {
            let key = RsaKey::new(&number(bits), &[3]).unwrap();
            assert_eq!((key.bits(), key.length()), (bits, bits.div_ceil(8)));
        }
        for bits in [1, 8, 512, 1024, 2040, 2047, 8193, 16_384] {
            let refused = RsaKey::new(&number(bits), &[3]).unwrap_err();
            assert_eq!(refused, KeyError::ModulusSize(bits));
        }
        assert_eq!(
            RsaKey::new(&[], &[3]).unwrap_err(),
            KeyError::ModulusSize(0)
        );
        let mut even = number(2048);
        even[255] = 4;
        assert_eq!(RsaKey::new(&even, &[3]).unwrap_err(), KeyError::EvenModulus);
    }

    #[test]
    fn takes_odd_exponents_from_3_to_33_bits() {
        let modulus = number(2048);
        for exponent in [
            &[3][..],
            &[0, 3],
            &[1, 0, 1],
            &[0xff, 0xff, 0xff, 0xff],
            &[1, 0xff, 0xff, 0xff, 0xff],
        ] {
            assert!(RsaKey::new(&modulus, exponent).is_ok(), "{exponent:?}");
        }
        for exponent in [
            &[][..],
            &[0],
            &[1],
            &[2],
            &[1, 0, 0],
            &[2, 0, 0, 0, 1],
            &[1, 0, 0, 0, 0, 0, 0, 0, 3],
        ] {
            let refused = RsaKey::new(&modulus, exponent).unwrap_err();
            assert_eq!(refused, KeyError::Exponent, "{exponent:?}");
        }
    }

    #[test]
    fn opens_only_numbers_below_the_modulus_in_its_length() {
        let modulus = number(2048);
        let key = RsaKey::new(&modulus, &[3]).unwrap();
        assert_eq!(key.open(&modulus), None);
        assert_eq!(key.open(&[0xff; 256]), None);
        let mut two = [0; 256];
        two[255] = 2;
        let mut eight = [0; 256];
        eight[255] = 8;
        assert_eq!(key.open(&two), Some(eight.to_vec()));
        assert_eq!(key.open(&two[1..]), None);
        assert_eq!(key.open(&[&[0][..], &two].concat()), None);
    }
}
