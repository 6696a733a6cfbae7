//! Public keys in PEM (RFC 7468).

use base64ct::{Base64, Encoding as _};

use super::error::KeyError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// What is in a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// `SubjectPublicKeyInfo`.
    Spki,
    /// `RSAPublicKey`, of PKCS#1.
    Rsa,
}

/// Reads one block `PUBLIC KEY` or `RSA PUBLIC KEY`. Blanks and empty lines around and in it don't count.
///
/// # Errors
/// Anything else. The error contains nothing of the text.
pub(super) fn read(text: &str) -> Result<(Content, Vec<u8>), KeyError> {
    // A private key is reported as such, whatever else is wrong.
    if text.contains("PRIVATE KEY-----") {
        return Err(KeyError::PrivateKey);
    }
    let (label, rest) = text
        .trim()
        .strip_prefix(BEGIN)
        .and_then(|text| text.split_once(DASHES))
        .ok_or(KeyError::NotPem)?;
    if rest.contains(BEGIN) {
        return Err(KeyError::SeveralBlocks);
    }
    let (body, end) = rest.split_once(END).ok_or(KeyError::NotPem)?;
    if end.strip_suffix(DASHES) != Some(label) {
        return Err(KeyError::NotPem);
    }
    let content = match label {
        "PUBLIC KEY" => Content::Spki,
        "RSA PUBLIC KEY" => Content::Rsa,
        "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE" => {
            return Err(KeyError::Certificate);
        }
        _ => return Err(KeyError::OtherBlock),
    };
    let digits: String = body.split_ascii_whitespace().collect();
    let bytes = Base64::decode_vec(&digits).map_err(|_| KeyError::Base64)?;
    Ok((content, bytes))
}
