//! Signatures that the host verifies, with the vectors of Project Wycheproof.

use postern::host::fake::FakeVm;
use postern::host::{ContextId, Status};
use postern::internals::crypto::{
    Algorithm, Curve, HashFunction, HostVerifier, SignatureCheck, Unsupported, VerifyingKey,
};
use wycheproof::{TestResult, ecdsa, rsa_pkcs1_verify};

use crate::support::vm;

const CALL: &str = "proxy_call_foreign_function";

/// What a provider has of a VM's host.
struct ByVm<'a>(&'a FakeVm, ContextId);

impl HostVerifier for ByVm<'_> {
    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        self.0.verify(self.1, check)
    }
}

/// The vectors of ES256.
fn es256() -> impl Iterator<Item = (VerifyingKey, ecdsa::Test)> {
    let set = ecdsa::TestSet::load(ecdsa::TestName::EcdsaSecp256r1Sha256P1363).unwrap();
    set.test_groups.into_iter().flat_map(|group| {
        let key = VerifyingKey::from_pem(&group.pem).unwrap();
        group.tests.into_iter().map(move |test| (key.clone(), test))
    })
}

/// The vectors of RS256 with 2048 bits.
fn rs256() -> impl Iterator<Item = (VerifyingKey, rsa_pkcs1_verify::Test)> {
    let set = rsa_pkcs1_verify::TestSet::load(rsa_pkcs1_verify::TestName::Rsa2048Sha256).unwrap();
    set.test_groups.into_iter().flat_map(|group| {
        let key = VerifyingKey::from_pem(&group.pem).unwrap();
        group.tests.into_iter().map(move |test| (key.clone(), test))
    })
}

const ES256: Algorithm = Algorithm::Es(Curve::P256);
const RS256: Algorithm = Algorithm::Rs(HashFunction::Sha256);

#[test]
fn the_host_verifies_what_it_can() {
    let vm = vm();
    let mut host = ByVm(&vm, vm.root());
    for (key, test) in es256() {
        let answer = key.verify(ES256, &test.msg, &test.sig, &mut host);
        let is_good = test.result == TestResult::Valid;
        assert_eq!(
            answer,
            Ok(is_good),
            "ES256 {}: {}",
            test.tc_id,
            test.comment
        );
    }
    let by_ecdsa = vm.host().calls[CALL];
    assert!(by_ecdsa > 100, "{by_ecdsa}");
    for (key, test) in rs256() {
        let answer = key.verify(RS256, &test.msg, &test.sig, &mut host);
        let is_good = test.result == TestResult::Valid;
        assert_eq!(
            answer,
            Ok(is_good),
            "RS256 {}: {}",
            test.tc_id,
            test.comment
        );
    }
    assert!(vm.host().calls[CALL] > by_ecdsa + 100);
}

#[test]
fn without_the_function_only_rsa_is_verified() {
    let vm = vm();
    let mut host = ByVm(&vm, vm.root());
    let mut script = vm.script();
    script.failures.insert(CALL.to_owned(), Status::NOT_FOUND);
    drop(script);
    for (key, test) in rs256() {
        let answer = key.verify(RS256, &test.msg, &test.sig, &mut host);
        let is_good = test.result == TestResult::Valid;
        assert_eq!(
            answer,
            Ok(is_good),
            "RS256 {}: {}",
            test.tc_id,
            test.comment
        );
    }
    for (key, test) in es256() {
        let answer = key.verify(ES256, &test.msg, &test.sig, &mut host);
        let is_whole = test.sig.len() == 64;
        let wanted = if is_whole {
            Err(Unsupported)
        } else {
            Ok(false)
        };
        assert_eq!(answer, wanted, "ES256 {}: {}", test.tc_id, test.comment);
    }
    assert_eq!(vm.host().calls[CALL], 2);
}
