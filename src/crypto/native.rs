//! A host's verifier in Rust, for native builds: the tool, tests, and drivers that are no module.

use p256::ecdsa::signature::hazmat::PrehashVerifier as _;

use super::curve::Curve;
use super::ec::EcKey;
use super::host::{HostKey, HostVerifier, SignatureCheck};
use super::key::VerifyingKey;
use super::spki;

/// Verifies what a proxy would.
#[derive(Clone, Copy, Debug, Default)]
pub struct NativeVerifier;

impl HostVerifier for NativeVerifier {
    fn verifies(&self, _kind: HostKey) -> bool {
        true
    }

    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        Some(verify(check) == Some(true))
    }
}

/// `None` is a no.
fn verify(check: &SignatureCheck<'_>) -> Option<bool> {
    let key = VerifyingKey::of(spki::read(check.key).ok()?).ok()?;
    match check.kind {
        HostKey::Rsa => {
            let key = key.as_rsa()?;
            Some(key.verify_pkcs1(check.hash, check.message, check.signature))
        }
        HostKey::Ec(curve) => {
            let key = key.as_ec().filter(|key| key.curve == curve)?;
            verify_ecdsa(key, check)
        }
    }
}

fn verify_ecdsa(key: &EcKey, check: &SignatureCheck<'_>) -> Option<bool> {
    let hash = check.hash.hash(&[check.message]);
    let (point, hash) = (key.point()?, hash.as_bytes());
    Some(match key.curve {
        Curve::P256 => {
            use p256::ecdsa::{Signature, VerifyingKey};
            let signature = Signature::from_der(check.signature).ok()?;
            let key = VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(hash, &signature).is_ok()
        }
        Curve::P384 => {
            use p384::ecdsa::{Signature, VerifyingKey};
            let signature = Signature::from_der(check.signature).ok()?;
            let key = VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(hash, &signature).is_ok()
        }
        Curve::P521 => {
            use p521::ecdsa::{Signature, VerifyingKey};
            let signature = Signature::from_der(check.signature).ok()?;
            let key = VerifyingKey::from_sec1_bytes(point).ok()?;
            key.verify_prehash(hash, &signature).is_ok()
        }
    })
}
