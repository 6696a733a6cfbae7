//! The vectors of Project Wycheproof for every algorithm of tokens. A vector that is only "acceptable" must be refused, except
//! where its test says otherwise.
//!
//! Natively, RSA runs the operation that the module has, and ECDSA the verifier that stands in for the proxy's.
#![expect(
    clippy::arithmetic_side_effects,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and uses few of the vectors' kinds"
)]

use base64ct::{Base64, Encoding as _};
use postern::internals::crypto::{
    Algorithm, Curve, HashFunction, HostKey, HostVerifier, KeyError, NativeVerifier,
    SignatureCheck, VerifyingKey,
};
use wycheproof::{EllipticCurve, TestResult, ecdsa, eddsa, mac, rsa_pkcs1_verify, rsa_pss_verify};

/// A host without the function, so that RSA is verified here.
struct NoFunction;

impl HostVerifier for NoFunction {}

/// How many vectors were accepted and refused.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    accepted: usize,
    refused: usize,
}

impl Count {
    fn check(&mut self, is_good: bool, result: TestResult, what: &str) {
        assert_eq!(is_good, result == TestResult::Valid, "{what}");
        if is_good {
            self.accepted += 1;
        } else {
            self.refused += 1;
        }
    }
}

fn hash_function(hash: wycheproof::HashFunction) -> Option<HashFunction> {
    match hash {
        wycheproof::HashFunction::Sha2_256 => Some(HashFunction::Sha256),
        wycheproof::HashFunction::Sha2_384 => Some(HashFunction::Sha384),
        wycheproof::HashFunction::Sha2_512 => Some(HashFunction::Sha512),
        _ => None,
    }
}

/// An RSA key of its form in PKCS#1.
fn pkcs1(der: &[u8]) -> Result<VerifyingKey, KeyError> {
    let digits = Base64::encode_string(der);
    VerifyingKey::from_pem(&format!(
        "-----BEGIN RSA PUBLIC KEY-----\n{digits}\n-----END RSA PUBLIC KEY-----\n"
    ))
}

#[test]
fn rsa_pkcs1() {
    let mut count = Count::default();
    for name in rsa_pkcs1_verify::TestName::all() {
        let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let Some(hash) = hash_function(group.hash) else {
                continue;
            };
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            for test in &group.tests {
                let what = format!("{name:?} {}: {}", test.tc_id, test.comment);
                let is_good = key
                    .verify(Algorithm::Rs(hash), &test.msg, &test.sig, &mut NoFunction)
                    .unwrap();
                count.check(is_good, test.result, &what);
            }
        }
    }
    assert_eq!(
        count,
        Count {
            accepted: 89,
            refused: 3017
        }
    );
}

#[test]
fn rsa_pss() {
    let mut count = Count::default();
    let mut other_salts = 0;
    for name in rsa_pss_verify::TestName::all() {
        let set = rsa_pss_verify::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let Some(hash) = hash_function(group.hash) else {
                continue;
            };
            if group.key_size < 2048 {
                let found = pkcs1(&group.asn_key).unwrap_err();
                assert_eq!(found, KeyError::ModulusSize(group.key_size));
                continue;
            }
            let key = pkcs1(&group.asn_key).unwrap();
            let is_ours = group.mgf_hash == Some(group.hash) && group.salt_size == hash.length();
            for test in &group.tests {
                let what = format!("{name:?} {}: {}", test.tc_id, test.comment);
                let is_good = key
                    .verify(Algorithm::Ps(hash), &test.msg, &test.sig, &mut NoFunction)
                    .unwrap();
                if is_ours {
                    count.check(is_good, test.result, &what);
                } else if test.result == TestResult::Valid {
                    assert!(!is_good, "{what}");
                    other_salts += 1;
                }
            }
        }
    }
    assert_eq!(
        (count, other_salts),
        (
            Count {
                accepted: 775,
                refused: 411
            },
            755
        )
    );
}

#[test]
fn ecdsa() {
    let mut count = Count::default();
    let mut der = Count::default();
    for name in ecdsa::TestName::all() {
        let set = ecdsa::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let curve = match group.key.curve {
                EllipticCurve::Secp256r1 => Curve::P256,
                EllipticCurve::Secp384r1 => Curve::P384,
                EllipticCurve::Secp521r1 => Curve::P521,
                _ => {
                    let refused = VerifyingKey::from_pem(&group.pem).unwrap_err();
                    assert_eq!(refused, KeyError::UnsupportedKind);
                    continue;
                }
            };
            let key = VerifyingKey::from_pem(&group.pem).unwrap();
            if hash_function(group.hash) != Some(curve.hash_function()) {
                continue;
            }
            for test in &group.tests {
                let what = format!("{name:?} {}: {}", test.tc_id, test.comment);
                if group.test_type == ecdsa::TestGroupTypeId::EcdsaP1363 {
                    let is_good = key
                        .verify(
                            Algorithm::Es(curve),
                            &test.msg,
                            &test.sig,
                            &mut NativeVerifier,
                        )
                        .unwrap();
                    count.check(is_good, test.result, &what);
                } else {
                    let is_good = NativeVerifier.verify_signature(&SignatureCheck {
                        kind: HostKey::Ec(curve),
                        hash: curve.hash_function(),
                        key: &group.der,
                        signature: &test.sig,
                        message: &test.msg,
                    });
                    der.check(is_good.unwrap(), test.result, &what);
                }
            }
        }
    }
    assert_eq!(
        (count, der),
        (
            Count {
                accepted: 1170,
                refused: 490
            },
            Count {
                accepted: 588,
                refused: 903
            }
        )
    );
}

#[test]
fn ed25519() {
    let mut count = Count::default();
    let set = eddsa::TestSet::load(eddsa::TestName::Ed25519).unwrap();
    for group in &set.test_groups {
        let key = VerifyingKey::from_pem(&group.pem).unwrap();
        for test in &group.tests {
            let is_good = key
                .verify(Algorithm::EdDsa, &test.msg, &test.sig, &mut NoFunction)
                .unwrap();
            count.check(
                is_good,
                test.result,
                &format!("{}: {}", test.tc_id, test.comment),
            );
        }
    }
    assert_eq!(
        count,
        Count {
            accepted: 88,
            refused: 62
        }
    );
}

#[test]
fn hmac() {
    let mut count = Count::default();
    let mut short = 0;
    for (name, hash) in [
        (mac::TestName::HmacSha256, HashFunction::Sha256),
        (mac::TestName::HmacSha384, HashFunction::Sha384),
        (mac::TestName::HmacSha512, HashFunction::Sha512),
    ] {
        let set = mac::TestSet::load(name).unwrap();
        for group in &set.test_groups {
            let is_whole = group.tag_size == hash.length() * 8;
            for test in &group.tests {
                let what = format!("{name:?} {}: {}", test.tc_id, test.comment);
                let Ok(key) = VerifyingKey::hmac(&test.key) else {
                    assert!(test.key.len() < 32, "{what}");
                    continue;
                };
                let algorithm = Algorithm::Hs(hash);
                let is_good = key
                    .verify(algorithm, &test.msg, &test.tag, &mut NoFunction)
                    .unwrap();
                if is_whole && key.allows(algorithm) {
                    count.check(is_good, test.result, &what);
                } else {
                    assert!(!is_good, "{what}");
                    short += 1;
                }
            }
        }
    }
    assert_eq!(
        (count, short),
        (
            Count {
                accepted: 90,
                refused: 162
            },
            258
        )
    );
}
