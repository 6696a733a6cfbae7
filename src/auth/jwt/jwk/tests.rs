//! Keys, made of the public keys of RFC 7515 (appendix A) and RFC 8037 (appendix A).

use serde_json::json;

use super::*;

/// RFC 7515, appendix A.2.
const N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

pub(in crate::auth::jwt) fn rsa() -> Value {
    json!({"kty": "RSA", "n": N, "e": "AQAB"})
}

/// RFC 7515, appendix A.3.
pub(in crate::auth::jwt) fn p256() -> Value {
    let (x, y) = (
        "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    );
    json!({"kty": "EC", "crv": "P-256", "x": x, "y": y})
}

/// RFC 7515, appendix A.4.
fn p521() -> Value {
    let x =
        "AekpBQ8ST8a8VcfVOTNl353vSrDCLLJXmPk06wTjxrrjcBpXp5EOnYG_NjFZ6OvLFV1jSfS9tsz4qUxcWceqwQGk";
    let y =
        "ADSmRA43Z1DSNx_RvcLI87cdL07l6jQyyBXMoxVg_l2Th-x3S1WDhjDly79ajL4Kkd0AZMaZmh9ubmf63e3kyMj2";
    json!({"kty": "EC", "crv": "P-521", "x": x, "y": y})
}

/// RFC 8037, appendix A.2.
pub(in crate::auth::jwt) fn ed25519() -> Value {
    json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})
}

/// 32 bytes.
pub(in crate::auth::jwt) fn oct() -> Value {
    json!({"kty": "oct", "k": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"})
}

/// The key with other members; `null` removes one.
#[expect(clippy::needless_pass_by_value, reason = "a test is easier to read so")]
pub(in crate::auth::jwt) fn with(mut key: Value, members: Value) -> Value {
    let map = key.as_object_mut().unwrap();
    for (name, value) in members.as_object().unwrap() {
        if value.is_null() {
            map.remove(name);
        } else {
            map.insert(name.clone(), value.clone());
        }
    }
    key
}

fn algorithms(key: &Jwk) -> String {
    let allowed = Algorithm::ALL
        .into_iter()
        .filter(|algorithm| key.allows(*algorithm));
    allowed.map(Algorithm::name).collect::<Vec<_>>().join(" ")
}

#[test]
fn reads_each_type_of_key() {
    for (key, allowed) in [
        (rsa(), "RS256 RS384 RS512 PS256 PS384 PS512"),
        (
            with(
                rsa(),
                json!({"alg": "PS256", "use": "sig", "key_ops": ["verify"]}),
            ),
            "PS256",
        ),
        (
            with(
                rsa(),
                json!({"e": "Aw", "x5c": 1, "x5t": [], "x5u": "https://evil.example", "ext": true}),
            ),
            "RS256 RS384 RS512 PS256 PS384 PS512",
        ),
        (p256(), "ES256"),
        (
            with(
                p256(),
                json!({"alg": "ES256", "key_ops": ["encrypt", "verify"]}),
            ),
            "ES256",
        ),
        (p521(), "ES512"),
        (ed25519(), "EdDSA"),
        (with(ed25519(), json!({"alg": "EdDSA"})), "EdDSA"),
        (oct(), "HS256"),
        (with(oct(), json!({"k": "A".repeat(64)})), "HS256 HS384"),
        (
            with(oct(), json!({"k": "A".repeat(86), "alg": "HS256"})),
            "HS256",
        ),
    ] {
        assert_eq!(algorithms(&Jwk::read(&key).unwrap()), allowed, "{key}");
    }
    assert_eq!(
        Jwk::read(&with(rsa(), json!({"kid": "a"}))).unwrap().kid(),
        Some("a")
    );
    assert_eq!(Jwk::read(&rsa()).unwrap().kid(), None);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn refuses_keys_for_other_uses() {
    for (key, error) in [
        (json!([]), JwkError::NotObject),
        (json!("key"), JwkError::NotObject),
        (json!({}), JwkError::Missing("kty")),
        (with(rsa(), json!({"kty": 1})), JwkError::Missing("kty")),
        (
            with(rsa(), json!({"kty": "rsa"})),
            JwkError::Unsupported("kty"),
        ),
        (with(rsa(), json!({"use": "enc"})), JwkError::Use),
        (with(rsa(), json!({"use": ["sig"]})), JwkError::Use),
        (with(rsa(), json!({"use": ""})), JwkError::Use),
        (with(rsa(), json!({"key_ops": []})), JwkError::Operations),
        (
            with(rsa(), json!({"key_ops": "verify"})),
            JwkError::Operations,
        ),
        (
            with(rsa(), json!({"key_ops": ["sign"]})),
            JwkError::Operations,
        ),
        (
            with(rsa(), json!({"key_ops": ["verify", 1]})),
            JwkError::Operations,
        ),
        (
            with(rsa(), json!({"key_ops": ["verify", "verify"]})),
            JwkError::Operations,
        ),
        (with(rsa(), json!({"alg": 1})), JwkError::UnknownAlgorithm),
        (
            with(rsa(), json!({"alg": "none"})),
            JwkError::UnknownAlgorithm,
        ),
        (
            with(rsa(), json!({"alg": "RSA-OAEP"})),
            JwkError::UnknownAlgorithm,
        ),
        (
            with(rsa(), json!({"alg": "HS256"})),
            JwkError::AlgorithmMismatch,
        ),
        (
            with(rsa(), json!({"alg": "ES256"})),
            JwkError::AlgorithmMismatch,
        ),
        (
            with(p256(), json!({"alg": "ES512"})),
            JwkError::AlgorithmMismatch,
        ),
        (
            with(ed25519(), json!({"alg": "ES256"})),
            JwkError::AlgorithmMismatch,
        ),
        (
            with(oct(), json!({"alg": "HS384"})),
            JwkError::AlgorithmMismatch,
        ),
        (
            with(oct(), json!({"alg": "RS256"})),
            JwkError::AlgorithmMismatch,
        ),
        (with(rsa(), json!({"kid": 7})), JwkError::KeyId),
    ] {
        assert_eq!(Jwk::read(&key).unwrap_err(), error, "{key}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn refuses_unusable_material() {
    let short = N.get(..172).unwrap();
    for (key, error) in [
        (with(rsa(), json!({"n": null})), JwkError::Missing("n")),
        (with(rsa(), json!({"e": 65537})), JwkError::Missing("e")),
        (with(rsa(), json!({"e": "AQAB=="})), JwkError::Encoding("e")),
        (with(rsa(), json!({"e": "AQ+B"})), JwkError::Encoding("e")),
        (
            with(rsa(), json!({"n": format!("{N}\n")})),
            JwkError::Encoding("n"),
        ),
        (
            with(rsa(), json!({"n": format!("AAAA{N}")})),
            JwkError::LeadingZero("n"),
        ),
        (
            with(rsa(), json!({"e": "AAEAAQ"})),
            JwkError::LeadingZero("e"),
        ),
        (
            with(rsa(), json!({"e": ""})),
            JwkError::Key(KeyError::Exponent),
        ),
        (
            with(rsa(), json!({"e": "AQ"})),
            JwkError::Key(KeyError::Exponent),
        ),
        (
            with(rsa(), json!({"e": "AQAA"})),
            JwkError::Key(KeyError::Exponent),
        ),
        (
            with(rsa(), json!({"n": short})),
            JwkError::Key(KeyError::ModulusSize(1032)),
        ),
        (
            with(p256(), json!({"crv": "secp256k1"})),
            JwkError::Unsupported("crv"),
        ),
        (
            with(p256(), json!({"crv": "p-256"})),
            JwkError::Unsupported("crv"),
        ),
        (with(p256(), json!({"crv": null})), JwkError::Missing("crv")),
        (
            with(p256(), json!({"crv": "P-384"})),
            JwkError::Key(KeyError::CoordinateLength(Curve::P384)),
        ),
        (
            with(p256(), json!({"x": "AA"})),
            JwkError::Key(KeyError::CoordinateLength(Curve::P256)),
        ),
        (
            with(p256(), json!({"y": ""})),
            JwkError::Key(KeyError::CoordinateLength(Curve::P256)),
        ),
        (
            with(ed25519(), json!({"crv": "X25519"})),
            JwkError::Unsupported("crv"),
        ),
        (
            with(ed25519(), json!({"crv": "Ed448"})),
            JwkError::Unsupported("crv"),
        ),
        (
            with(ed25519(), json!({"x": "AAAA"})),
            JwkError::Key(KeyError::Ed25519Length),
        ),
        (
            with(oct(), json!({"k": ""})),
            JwkError::Key(KeyError::ShortSecret),
        ),
        (
            with(oct(), json!({"k": "A".repeat(40)})),
            JwkError::Key(KeyError::ShortSecret),
        ),
    ] {
        assert_eq!(Jwk::read(&key).unwrap_err(), error, "{key}");
    }
}

#[test]
fn refuses_private_keys() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth"] {
        for key in [rsa(), p256(), ed25519()] {
            let key = with(key, json!({member: "AQAB"}));
            let error = Jwk::read(&key).unwrap_err();
            assert_eq!(error, JwkError::PrivateKey, "{member}");
            assert!(error.to_string().contains("private key"));
        }
    }
}
