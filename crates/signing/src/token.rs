//! The compact form of RFC 7515 §7.1.

use base64ct::{Base64UrlUnpadded, Encoding as _};

use crate::{Error, SigningKey};

/// Base64url without padding (RFC 7515 §2).
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of a base64url text. None if it has padding, another alphabet, or bits that are left over.
#[must_use]
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// A token of this header and this payload. Both are taken as they are, so they may be anything. The header's `alg` isn't
/// read: `algorithm` is what the token is signed by.
///
/// # Errors
///
/// The algorithm is unknown, or isn't one of the key's.
pub fn compact(
    header: &[u8],
    payload: &[u8],
    key: &SigningKey,
    algorithm: &str,
) -> Result<String, Error> {
    let input = format!("{}.{}", encode(header), encode(payload));
    let signature = key.sign(algorithm, input.as_bytes())?;
    Ok(format!("{input}.{}", encode(&signature)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_rfc_7515_appendix_c() {
        assert_eq!(encode(&[3, 236, 255, 224, 193]), "A-z_4ME");
        assert_eq!(decode("A-z_4ME"), Some(vec![3, 236, 255, 224, 193]));
        for wrong in ["A-z_4ME=", "A+z/4ME", "A-z_4MF", "A-z_4", " A-z_4ME"] {
            assert_eq!(decode(wrong), None, "{wrong}");
        }
    }
}
