//! Makes signed tokens: JWS in the compact form (RFC 7515), by the algorithms of RFC 7518 §3.1 and RFC 8037 §3.1.
//!
//! It is for tests and for the tool. A token is made as it is asked for, even if no verifier may accept it: the header and
//! the payload are taken as they are, and a key may be too short for its algorithm. The same arguments give the same
//! token, so no random numbers are needed.

mod algorithm;
mod derived;
mod jwk;
mod key;
mod pem;
mod token;

pub use algorithm::ALGORITHMS;
pub use key::SigningKey;
pub use token::{compact, decode, encode};

/// Why a key can't be read, or can't sign.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The PEM text holds no private key.
    #[error(
        "it holds no private key (expected PEM that begins with `-----BEGIN PRIVATE KEY-----`)"
    )]
    NoPrivateKey,
    /// The private key is protected by a password.
    #[error("the private key is encrypted (decrypt it first: `openssl pkey -in FILE`)")]
    Encrypted,
    /// The key is damaged, or of a type that can't sign tokens.
    #[error("the private key isn't RSA, P-256, P-384, P-521 or Ed25519, or it is damaged")]
    UnknownKey,
    /// A member of a JWK is missing, or isn't what it has to be.
    #[error("the member `{0}` of the JWK is missing or wrong")]
    WrongMember(&'static str),
    /// There is no such algorithm.
    #[error("there is no algorithm `{0}` (there are {list})", list = ALGORITHMS.join(", "))]
    UnknownAlgorithm(String),
    /// The key is of another type than the algorithm.
    #[error("a key of the type {key} can't sign by {algorithm}")]
    WrongKey {
        /// The key's type, such as `RSA` or `P-256`.
        key: &'static str,
        /// The algorithm's name.
        algorithm: String,
    },
    /// The key is too small for the algorithm's hash.
    #[error("the key is too small for this algorithm")]
    TooSmall,
}
