//! `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1.2.7), and the RSA key of PKCS#1.

use super::curve::Curve;
use super::der::{Reader, element, integer, sequence, tag};
use super::error::KeyError;

/// What a key consists of. None of it is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyParts<'a> {
    /// Modulus and exponent.
    Rsa(&'a [u8], &'a [u8]),
    /// The coordinates of a point.
    Ec(Curve, &'a [u8], &'a [u8]),
    /// The encoded point.
    Ed25519(&'a [u8]),
}

/// rsaEncryption (RFC 3279, section 2.3.1).
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];

/// id-ecPublicKey (RFC 5480, section 2.1.1).
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

/// id-Ed25519 (RFC 8410, section 3).
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];

fn identifier(curve: Curve) -> &'static [u8] {
    match curve {
        Curve::P256 => &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07],
        Curve::P384 => &[0x2b, 0x81, 0x04, 0x00, 0x22],
        Curve::P521 => &[0x2b, 0x81, 0x04, 0x00, 0x23],
    }
}

/// An algorithm and a key.
fn info(algorithm: &[&[u8]], key: &[&[u8]]) -> Box<[u8]> {
    let algorithm = sequence(algorithm);
    let parts: Vec<&[u8]> = [&[0][..]].iter().chain(key).copied().collect();
    sequence(&[&algorithm, &element(tag::BIT_STRING, &parts)]).into()
}

/// That of an RSA key.
pub(super) fn of_rsa(modulus: &[u8], exponent: &[u8]) -> Box<[u8]> {
    let algorithm = element(tag::OBJECT_IDENTIFIER, &[RSA]);
    let key = sequence(&[&integer(modulus), &integer(exponent)]);
    info(&[&algorithm, &[tag::NULL, 0]], &[&key])
}

/// That of a point on a curve.
pub(super) fn of_ec(curve: Curve, x: &[u8], y: &[u8]) -> Box<[u8]> {
    let algorithm = element(tag::OBJECT_IDENTIFIER, &[EC]);
    let parameters = element(tag::OBJECT_IDENTIFIER, &[identifier(curve)]);
    info(&[&algorithm, &parameters], &[&[4], x, y])
}

/// Reads one.
///
/// # Errors
/// Other bytes, or a kind that no algorithm uses.
pub(super) fn read(bytes: &[u8]) -> Result<KeyParts<'_>, KeyError> {
    let (mut algorithm, key) = parts(bytes).ok_or(KeyError::Der)?;
    let kind = algorithm.element(tag::OBJECT_IDENTIFIER);
    match kind.ok_or(KeyError::Der)? {
        RSA => {
            let parameters = algorithm.element(tag::NULL);
            let is_null = parameters == Some(&[]) && algorithm.0.is_empty();
            if is_null {
                read_rsa(key)
            } else {
                Err(KeyError::Der)
            }
        }
        EC => {
            // Parameters of a curve written out are not accepted (RFC 5480, section 2.1.1).
            let curve = algorithm.element(tag::OBJECT_IDENTIFIER);
            algorithm.end().ok_or(KeyError::UnsupportedKind)?;
            let curve = curve
                .and_then(|curve| {
                    Curve::ALL
                        .into_iter()
                        .find(|known| identifier(*known) == curve)
                })
                .ok_or(KeyError::UnsupportedKind)?;
            read_point(curve, key)
        }
        ED25519 => {
            algorithm.end().ok_or(KeyError::Der)?;
            Ok(KeyParts::Ed25519(key))
        }
        _ => Err(KeyError::UnsupportedKind),
    }
}

fn parts(bytes: &[u8]) -> Option<(Reader<'_>, &[u8])> {
    let mut all = Reader(bytes);
    let mut info = all.sequence()?;
    all.end()?;
    let (algorithm, key) = (info.sequence()?, info.bytes()?);
    info.end()?;
    Some((algorithm, key))
}

/// Reads an uncompressed point.
fn read_point(curve: Curve, point: &[u8]) -> Result<KeyParts<'_>, KeyError> {
    let coordinates = point.strip_prefix(&[4]).ok_or(KeyError::Der)?;
    let (x, y) = coordinates
        .split_at_checked(curve.coordinate_length())
        .ok_or(KeyError::Der)?;
    Ok(KeyParts::Ec(curve, x, y))
}

/// Reads `RSAPublicKey` (RFC 8017, appendix A.1.1).
///
/// # Errors
/// Other bytes.
pub(super) fn read_rsa(bytes: &[u8]) -> Result<KeyParts<'_>, KeyError> {
    let numbers = || {
        let mut all = Reader(bytes);
        let mut key = all.sequence()?;
        all.end()?;
        let numbers = (key.positive()?, key.positive()?);
        key.end()?;
        Some(numbers)
    };
    let (modulus, exponent) = numbers().ok_or(KeyError::Der)?;
    Ok(KeyParts::Rsa(modulus, exponent))
}
