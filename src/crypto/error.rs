//! Why bytes are no key.

use super::curve::Curve;

/// Why a key can't be used. The texts contain nothing of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The modulus of an RSA key has this many bits.
    #[error("an RSA key of {0} bits; it must have 2048 to 8192")]
    ModulusSize(usize),
    /// The modulus of an RSA key is even.
    #[error("the modulus of an RSA key must be odd")]
    EvenModulus,
    /// The exponent of an RSA key is even, too small or too large.
    #[error("the exponent of an RSA key must be odd, at least 3 and less than 2^33")]
    Exponent,
    /// A coordinate is shorter or longer than the curve's.
    #[error("a coordinate on {} must have {} bytes", .0.name(), .0.coordinate_length())]
    CoordinateLength(Curve),
    /// The point is not on the curve.
    #[error("the point is not on the curve {}", .0.name())]
    NotOnCurve(Curve),
    /// An Ed25519 key of another length.
    #[error("an Ed25519 key must have 32 bytes")]
    Ed25519Length,
    /// The bytes are no point of Ed25519, or one by which anyone can sign.
    #[error("the Ed25519 key is not a usable point")]
    Ed25519Point,
    /// The secret of an HMAC is shorter than the shortest hash (RFC 7518, section 3.2).
    #[error("a secret for HMAC must have at least 32 bytes")]
    ShortSecret,
    /// The text is not one block of PEM (RFC 7468).
    #[error(
        "not a public key in PEM: one block from -----BEGIN PUBLIC KEY----- to -----END PUBLIC KEY-----"
    )]
    NotPem,
    /// The text contains a private key.
    #[error("a private key; put the public key here, and consider the private key as disclosed")]
    PrivateKey,
    /// The text contains a certificate.
    #[error("a certificate; put its public key here (openssl x509 -pubkey -noout)")]
    Certificate,
    /// The text is a block of PEM of another kind.
    #[error("not a public key: the block must be PUBLIC KEY or RSA PUBLIC KEY")]
    OtherBlock,
    /// The text contains several blocks.
    #[error("several PEM blocks; there must be one")]
    SeveralBlocks,
    /// The body of the block is not base64.
    #[error("the PEM block is not valid base64")]
    Base64,
    /// The block's content is no key in DER.
    #[error("the PEM block is not a public key in DER")]
    Der,
    /// A key of a kind that no supported algorithm uses.
    #[error(
        "a public key of an unsupported kind; it must be RSA, EC (P-256, P-384 or P-521) or Ed25519"
    )]
    UnsupportedKind,
}
