//! What one verification costs.
//!
//! The figures were measured in Envoy on a quick machine, and are multiplied by 2.5 for a slow one. What is verified here
//! was measured in V8.

use std::time::Duration;

use super::curve::Curve;
use super::rsa::RsaKey;

/// EdDSA.
pub(super) const OF_ED25519: Duration = Duration::from_micros(180);

/// HMAC of a token.
pub(super) const OF_HMAC: Duration = Duration::from_micros(10);

/// The hash of so many bytes.
pub(super) fn of_hashing(bytes: usize) -> Duration {
    by_length(bytes, 6)
}

/// The same by the proxy, which gets a copy of them.
pub(super) fn of_hashing_by_host(bytes: usize) -> Duration {
    by_length(bytes, 3)
}

fn by_length(bytes: usize, nanos: usize) -> Duration {
    Duration::from_nanos(u64::try_from(bytes.saturating_mul(nanos)).unwrap_or(u64::MAX))
}

/// An RSA signature, verified here.
pub(super) fn of_rsa(key: &RsaKey) -> Duration {
    let verification = by_bits(key, [190, 350, 610, 2500]);
    if key.is_prepared() {
        return verification;
    }
    verification.saturating_add(by_bits(key, [250, 500, 900, 3500]))
}

/// The same by the proxy.
pub(super) fn of_rsa_by_host(key: &RsaKey) -> Duration {
    by_bits(key, [35, 70, 120, 470])
}

/// The microseconds for at most 2048, 3072, 4096 and 8192 bits.
fn by_bits(key: &RsaKey, [small, middle, large, largest]: [u64; 4]) -> Duration {
    let micros = match key.bits() {
        0..=2048 => small,
        2049..=3072 => middle,
        3073..=4096 => large,
        _ => largest,
    };
    // 65 products in place of 18.
    let factor = if key.has_large_exponent() { 4 } else { 1 };
    Duration::from_micros(micros.saturating_mul(factor))
}

/// ECDSA, by the proxy.
pub(super) const fn of_ec(curve: Curve) -> Duration {
    Duration::from_micros(match curve {
        Curve::P256 => 85,
        Curve::P384 => 760,
        Curve::P521 => 1850,
    })
}
