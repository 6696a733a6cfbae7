//! Keys as files, and what each can sign.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::path::Path;

use postern_signing::{ALGORITHMS, Error, SigningKey};
use serde_json::json;

fn file(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/keys");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The name of a key, its type, and the algorithms that it signs by.
const KEYS: &[(&str, &str, &str)] = &[
    ("rsa.pem", "RSA", "RS256 RS384 RS512 PS256 PS384 PS512"),
    // PSS with SHA-512 needs 1040 bits (RFC 8017 §9.1.1).
    ("rsa1024.pem", "RSA", "RS256 RS384 RS512 PS256 PS384"),
    ("p256.pem", "P-256", "ES256"),
    ("p384.pem", "P-384", "ES384"),
    ("p521.pem", "P-521", "ES512"),
    ("ed25519.pem", "Ed25519", "EdDSA"),
];

#[test]
fn each_key_signs_by_its_own_algorithms() {
    for (name, kind, own) in KEYS {
        let key = SigningKey::from_pem(&file(name)).unwrap();
        assert_eq!(key.kind(), *kind);
        assert!(own.contains(key.default_algorithm()), "{name}");
        for algorithm in ALGORITHMS {
            let signed = key.sign(algorithm, b"message");
            let expected = own.split(' ').any(|other| other == algorithm);
            assert_eq!(signed.is_ok(), expected, "{name}: {algorithm}: {signed:?}");
            assert_eq!(
                signed,
                key.sign(algorithm, b"message"),
                "{name}: {algorithm}"
            );
        }
        let again = key.public_pem().unwrap();
        assert!(again.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{again}");
    }
    let secret = SigningKey::oct(b"k");
    for algorithm in ALGORITHMS {
        let is_hmac = algorithm.starts_with("HS");
        assert_eq!(secret.sign(algorithm, b"").is_ok(), is_hmac, "{algorithm}");
    }
    assert_eq!(secret.public_pem(), None);
}

#[test]
fn signatures_have_the_length_of_their_algorithm() {
    for (name, algorithm, length) in [
        ("rsa.pem", "PS256", 256),
        ("rsa3072.pem", "RS256", 384),
        ("rsa4096.pem", "RS512", 512),
        ("p256.pem", "ES256", 64),
        ("p384.pem", "ES384", 96),
        ("p521.pem", "ES512", 132),
        ("ed25519.pem", "EdDSA", 64),
    ] {
        let key = SigningKey::from_pem(&file(name)).unwrap();
        assert_eq!(
            key.sign(algorithm, b"").map(|signed| signed.len()),
            Ok(length)
        );
        let other = key.sign(algorithm, b"a");
        assert_ne!(key.sign(algorithm, b""), other, "{algorithm}");
    }
}

#[test]
fn chooses_an_algorithm_by_the_length_of_a_secret() {
    for (length, algorithm) in [(0, "HS256"), (47, "HS256"), (48, "HS384"), (64, "HS512")] {
        let key = SigningKey::oct(&vec![1; length]);
        assert_eq!(key.default_algorithm(), algorithm);
    }
}

#[test]
fn finds_the_key_among_other_text() {
    let text = file("ed25519.pem");
    let certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for text in [
        format!("{certificate}{text}"),
        format!("{text}{certificate}"),
        format!("Bag Attributes\n{}", text.replace('\n', "\r\n")),
        text.trim_end().to_owned(),
    ] {
        let key = SigningKey::from_pem(&text);
        assert_eq!(key.map(|key| key.kind()), Ok("Ed25519"), "{text}");
    }
}

#[test]
fn says_why_a_key_cannot_be_read() {
    for (text, error) in [
        (String::new(), Error::NoPrivateKey),
        (file("oct32.jwk"), Error::NoPrivateKey),
        (
            "-----BEGIN PUBLIC KEY-----\n".to_owned(),
            Error::NoPrivateKey,
        ),
        (
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\n".to_owned(),
            Error::Encrypted,
        ),
        (
            "-----BEGIN PRIVATE KEY-----\n".to_owned(),
            Error::UnknownKey,
        ),
        (file("secp256k1.pem"), Error::UnknownKey),
    ] {
        assert_eq!(SigningKey::from_pem(&text).err(), Some(error), "{text}");
    }
    for (jwk, member) in [
        (json!({}), "kty"),
        (json!([]), "kty"),
        (json!({"kty": "oct", "k": "A"}), "k"),
        (json!({"kty": "OKP", "crv": "X25519", "d": "AA"}), "crv"),
        (json!({"kty": "OKP", "crv": "Ed25519", "d": "AA"}), "d"),
        (json!({"kty": "EC", "crv": "P-256", "d": "AA"}), "d"),
        (json!({"kty": "EC", "crv": "secp256k1", "d": "AA"}), "crv"),
        (json!({"kty": "RSA", "n": "AQAB", "e": "AQAB"}), "d"),
    ] {
        let error = SigningKey::from_jwk(&jwk).err();
        assert_eq!(error, Some(Error::WrongMember(member)), "{jwk}");
    }
}

#[test]
fn never_prints_a_key() {
    let key = SigningKey::oct(b"top secret");
    assert_eq!(format!("{key:?}"), "SigningKey(oct)");
}
