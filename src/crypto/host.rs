//! What verifies signatures outside of this program.

use super::curve::Curve;
use super::hash_function::HashFunction;

/// A kind of key that a host may verify signatures by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostKey {
    /// RSASSA-PKCS1-v1_5.
    Rsa,
    /// ECDSA on this curve.
    Ec(Curve),
}

/// A question to a host: is this signature good?
#[derive(Clone, Copy)]
pub struct SignatureCheck<'a> {
    /// The kind of the key.
    pub kind: HostKey,
    /// The hash function of the signature.
    pub hash: HashFunction,
    /// The key as `SubjectPublicKeyInfo` in DER (RFC 5280, section 4.1.2.7).
    pub key: &'a [u8],
    /// The signature: that of RSA as it is, that of ECDSA as `ECDSA-Sig-Value` in DER (RFC 3279, section 2.2.3).
    pub signature: &'a [u8],
    /// What was signed; not its hash.
    pub message: &'a [u8],
}

impl std::fmt::Debug for SignatureCheck<'_> {
    /// Without the bytes of the signature and of the message, which are a client's.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignatureCheck")
            .field("kind", &self.kind)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

/// Verifies signatures for this program: a proxy, or [`NativeVerifier`](super::NativeVerifier).
pub trait HostVerifier {
    /// Whether the host is expected to answer for keys of this kind. An answer takes less time than a verification here.
    fn verifies(&self, kind: HostKey) -> bool {
        let _ = kind;
        false
    }

    /// Whether the signature is good; `None` where the host can't tell, because it has no such function.
    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        let _ = check;
        None
    }
}

impl<V: HostVerifier + ?Sized> HostVerifier for &mut V {
    fn verifies(&self, kind: HostKey) -> bool {
        (**self).verifies(kind)
    }

    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        (**self).verify_signature(check)
    }
}

/// Neither the host nor this build can verify a signature of this algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the proxy can't verify signatures of this algorithm")]
pub struct Unsupported;
