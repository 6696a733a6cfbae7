//! The function of a real Envoy that verifies signatures, with the vectors of Project Wycheproof. The arguments are those that
//! the module would send. A small module of the test sends them, because a vector's message is not that of a token.
#![cfg(feature = "envoy-tests")]
#![expect(
    clippy::arithmetic_side_effects,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a test may panic, and uses few of the vectors' kinds"
)]

#[path = "support/envoy.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod envoy;
#[path = "support/http1.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod http1;
#[path = "support/wait.rs"]
#[cfg(test)]
#[expect(dead_code, reason = "other suites use all of it")]
mod wait;

use std::fs;
use std::path::Path;
use std::time::Duration;

use base64ct::{Base64, Encoding as _};
use postern::host::fake::signature_arguments;
use postern::internals::crypto::{
    Algorithm, Curve, HashFunction, HostKey, HostVerifier, SignatureCheck, VerifyingKey,
};
use serde_json::json;
use wycheproof::{EllipticCurve, TestResult, ecdsa, rsa_pkcs1_verify};

use envoy::{Envoy, Launch};
use wait::wait_for;

/// Keeps what a host would be asked.
#[derive(Default)]
struct Questions(Vec<Vec<u8>>);

impl HostVerifier for Questions {
    fn verify_signature(&mut self, check: &SignatureCheck<'_>) -> Option<bool> {
        self.0.push(signature_arguments(check));
        Some(true)
    }
}

/// A vector: its name, and whether the signature is good.
type Vector = (String, bool);

/// The questions to the host about all vectors, and the right answers. A signature that is not worth a question must be bad.
#[derive(Default)]
struct Plan {
    questions: Questions,
    vectors: Vec<Vector>,
    unasked: usize,
}

impl Plan {
    fn add(
        &mut self,
        key: &VerifyingKey,
        algorithm: Algorithm,
        (message, signature): (&[u8], &[u8]),
        (name, result): (String, TestResult),
    ) {
        let is_good = result == TestResult::Valid;
        let answer = key.verify(algorithm, message, signature, &mut self.questions);
        if answer == Ok(true) {
            self.vectors.push((name, is_good));
        } else {
            assert!(!is_good, "{name}");
            self.unasked += 1;
        }
    }

    fn add_rsa(&mut self) {
        for name in rsa_pkcs1_verify::TestName::all() {
            let set = rsa_pkcs1_verify::TestSet::load(name).unwrap();
            for group in &set.test_groups {
                let hash = match group.hash {
                    wycheproof::HashFunction::Sha2_256 => HashFunction::Sha256,
                    wycheproof::HashFunction::Sha2_384 => HashFunction::Sha384,
                    wycheproof::HashFunction::Sha2_512 => HashFunction::Sha512,
                    _ => continue,
                };
                let key = VerifyingKey::from_pem(&group.pem).unwrap();
                for test in &group.tests {
                    let what = (format!("{name:?} {}", test.tc_id), test.result);
                    let signed = (&test.msg[..], &test.sig[..]);
                    self.add(&key, Algorithm::Rs(hash), signed, what);
                }
            }
        }
    }

    /// Those whose signature is that of a token, and those with a signature in DER, which tokens don't have.
    fn add_ecdsa(&mut self) {
        for name in ecdsa::TestName::all() {
            let set = ecdsa::TestSet::load(name).unwrap();
            for group in &set.test_groups {
                let curve = match (group.key.curve, group.hash) {
                    (EllipticCurve::Secp256r1, wycheproof::HashFunction::Sha2_256) => Curve::P256,
                    (EllipticCurve::Secp384r1, wycheproof::HashFunction::Sha2_384) => Curve::P384,
                    (EllipticCurve::Secp521r1, wycheproof::HashFunction::Sha2_512) => Curve::P521,
                    _ => continue,
                };
                let key = VerifyingKey::from_pem(&group.pem).unwrap();
                for test in &group.tests {
                    let what = (format!("{name:?} {}", test.tc_id), test.result);
                    if group.test_type == ecdsa::TestGroupTypeId::EcdsaP1363 {
                        let signed = (&test.msg[..], &test.sig[..]);
                        self.add(&key, Algorithm::Es(curve), signed, what);
                        continue;
                    }
                    self.questions.verify_signature(&SignatureCheck {
                        kind: HostKey::Ec(curve),
                        hash: curve.hash_function(),
                        key: &group.der,
                        signature: &test.sig,
                        message: &test.msg,
                    });
                    self.vectors.push((what.0, what.1 == TestResult::Valid));
                }
            }
        }
    }

    /// The configuration of the test's module.
    fn configuration(&self) -> Vec<u8> {
        let questions = self.questions.0.iter();
        let parts = questions.flat_map(|question| {
            let length = u32::try_from(question.len()).expect("a short question");
            [length.to_le_bytes().to_vec(), question.clone()]
        });
        parts.flatten().collect()
    }
}

/// Starts an Envoy that runs the test's module once, with this configuration.
fn start(configuration: &[u8]) -> Envoy {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("signatures");
    fs::create_dir_all(&folder).unwrap();
    let module = wat::parse_str(include_str!("signatures/verifier.wat")).expect("valid text");
    let file = folder.join("verifier.wasm");
    fs::write(&file, module).unwrap();
    let service = json!({
        "@type": "type.googleapis.com/envoy.extensions.wasm.v3.WasmService",
        "singleton": true,
        "config": {
            "vm_config": {
                "runtime": "envoy.wasm.runtime.v8",
                "code": {"local": {"filename": file}},
            },
            "configuration": {
                "@type": "type.googleapis.com/google.protobuf.BytesValue",
                "value": Base64::encode_string(configuration),
            },
        },
    });
    Envoy::launch(&Launch {
        folder,
        bootstrap: json!({"bootstrap_extensions": [{"name": "envoy.bootstrap.wasm", "typed_config": service}]}),
        workers: 1,
        arguments: Vec::new(),
        program: None,
        wasm_log: "info",
    })
    .unwrap()
}

#[test]
fn envoy_agrees_with_every_vector() {
    let mut plan = Plan::default();
    plan.add_rsa();
    plan.add_ecdsa();
    assert_eq!((plan.vectors.len(), plan.unasked), (6125, 132));
    assert_eq!(plan.questions.0.len(), plan.vectors.len());
    let envoy = start(&plan.configuration());
    let answers = wait_for(Duration::from_secs(60), || {
        let log = envoy.log();
        let rest = log.split_once("answers: ").map(|(_, rest)| rest);
        let line = rest.and_then(|rest| rest.split_once('\n'));
        line.map_or(Err(log.clone()), |(line, _)| Ok(line.trim_end().to_owned()))
    });
    assert_eq!(answers.len(), plan.vectors.len());
    for ((name, is_good), answer) in plan.vectors.iter().zip(answers.chars()) {
        assert_eq!(answer, if *is_good { '1' } else { '0' }, "{name}");
    }
}
