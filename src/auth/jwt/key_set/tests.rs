//! Sets and choices.

use serde_json::json;

use super::*;
use crate::auth::jwt::jwk::tests::{ed25519, oct, p256, rsa, with};

fn set(keys: &[Value]) -> KeySet {
    KeySet::read(&json!({"keys": keys})).unwrap().0
}

#[test]
fn passes_over_keys_that_cant_be_used() {
    let named = |kid: &str| json!({"kid": kid});
    let keys = json!({"other": 1, "keys": [
        with(rsa(), named("a")),
        with(rsa(), json!({"kid": "b", "use": "enc"})),
        with(p256(), named("c")),
        with(p256(), named("twice")),
        with(ed25519(), named("twice")),
        with(rsa(), json!({"kid": "a", "use": "enc"})),
        7,
        p256(),
        ed25519(),
        with(oct(), json!({"kid": 1})),
    ]});
    let (set, warnings) = KeySet::read(&keys).unwrap();
    let kids: Vec<_> = set.keys().iter().map(Jwk::kid).collect();
    assert_eq!(kids, [Some("a"), Some("c"), None, None]);
    let told: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "key 1 (`b`): `use` is not `sig`",
            "key 3 (`twice`): another key has the same `kid`",
            "key 4 (`twice`): another key has the same `kid`",
            "key 5 (`a`): `use` is not `sig`",
            "key 6: a key is an object",
            "key 9: `kid` is not text",
        ]
    );
}

#[test]
fn refuses_sets_without_a_usable_key() {
    for other in [
        json!(null),
        json!([]),
        json!({}),
        json!({"keys": {}}),
        json!({"Keys": []}),
        rsa(),
    ] {
        assert_eq!(
            KeySet::read(&other).unwrap_err(),
            KeySetError::NoKeys,
            "{other}"
        );
    }
    let read = |keys: Vec<Value>| KeySet::read(&json!({"keys": keys}));
    assert_eq!(read(vec![]).unwrap_err(), KeySetError::NoneUsable(vec![]));
    let twice = vec![with(rsa(), json!({"kid": "a"})); 2];
    assert!(
        matches!(read(twice).unwrap_err(), KeySetError::NoneUsable(warnings) if warnings.len() == 2)
    );
    assert_eq!(read(vec![oct(); 100]).unwrap().0.keys().len(), 100);
    assert_eq!(
        read(vec![oct(); 101]).unwrap_err(),
        KeySetError::TooMany(101)
    );
}

fn choose(set: &KeySet, header: &Value, allowed: &[&str]) -> Result<String, KeyChoiceError> {
    let header = JoseHeader::parse(header.to_string().as_bytes()).unwrap();
    let allowed: Vec<_> = allowed
        .iter()
        .filter_map(|name| Algorithm::named(name))
        .collect();
    let key = set.select(&header, &allowed)?;
    Ok(key.kid().unwrap_or("-").to_owned())
}

#[test]
fn chooses_the_key_with_the_kid() {
    let named = |key, kid| with(key, json!({"kid": kid}));
    let ps256 = with(rsa(), json!({"kid": "ps", "alg": "PS256"}));
    let set = set(&[
        named(rsa(), "r"),
        named(rsa(), ""),
        named(p256(), "e"),
        ps256,
        named(oct(), "h"),
        ed25519(),
    ]);
    let header = |algorithm: &str, kid: &str| json!({"alg": algorithm, "kid": kid});
    for (header, allowed, chosen) in [
        (header("RS256", "r"), &[][..], Ok("r")),
        (header("PS512", "r"), &[], Ok("r")),
        (header("RS256", ""), &[], Ok("")),
        (header("ES256", "e"), &["ES256", "RS256"], Ok("e")),
        (header("PS256", "ps"), &[], Ok("ps")),
        (header("HS256", "h"), &[], Ok("h")),
        // The algorithm is the key's, never the token's alone.
        (header("HS256", "r"), &[], Err(KeyChoiceError::NoneFits)),
        (header("HS256", "e"), &[], Err(KeyChoiceError::NoneFits)),
        (header("RS256", "h"), &[], Err(KeyChoiceError::NoneFits)),
        (header("HS384", "h"), &[], Err(KeyChoiceError::NoneFits)),
        (header("ES384", "e"), &[], Err(KeyChoiceError::NoneFits)),
        (header("RS256", "ps"), &[], Err(KeyChoiceError::NoneFits)),
        (header("PS384", "ps"), &[], Err(KeyChoiceError::NoneFits)),
        (
            header("RS256", "r"),
            &["ES256"],
            Err(KeyChoiceError::AlgorithmNotAllowed),
        ),
        (
            header("HS256", "h"),
            &["RS256"],
            Err(KeyChoiceError::AlgorithmNotAllowed),
        ),
        (header("RS256", "x"), &[], Err(KeyChoiceError::UnknownKeyId)),
        (header("RS256", "R"), &[], Err(KeyChoiceError::UnknownKeyId)),
        (header("EdDSA", "x"), &[], Err(KeyChoiceError::UnknownKeyId)),
    ] {
        assert_eq!(
            choose(&set, &header, allowed),
            chosen.map(Into::into),
            "{header}"
        );
    }
}

#[test]
fn chooses_the_only_key_that_fits_without_a_kid() {
    let named = |key, kid| with(key, json!({"kid": kid}));
    let ps256 = with(rsa(), json!({"kid": "ps", "alg": "PS256"}));
    let several = set(&[named(rsa(), "r"), named(p256(), "e"), ps256, ed25519()]);
    for (algorithm, chosen) in [
        ("RS256", Ok("r")),
        ("PS384", Ok("r")),
        ("ES256", Ok("e")),
        ("EdDSA", Ok("-")),
        ("PS256", Err(KeyChoiceError::Ambiguous)),
        ("HS256", Err(KeyChoiceError::NoneFits)),
        ("ES512", Err(KeyChoiceError::NoneFits)),
    ] {
        assert_eq!(
            choose(&several, &json!({"alg": algorithm}), &[]),
            chosen.map(Into::into),
            "{algorithm}"
        );
    }
    let unnamed = KeySet::of(Jwk::read(&rsa()).unwrap());
    assert_eq!(
        choose(&unnamed, &json!({"alg": "RS256", "kid": "any"}), &[]),
        Ok("-".into())
    );
    assert_eq!(
        choose(&unnamed, &json!({"alg": "ES256", "kid": "any"}), &[]),
        Err(KeyChoiceError::NoneFits)
    );
    let only = set(&[named(rsa(), "r")]);
    assert_eq!(
        choose(&only, &json!({"alg": "RS256", "kid": "x"}), &[]),
        Err(KeyChoiceError::UnknownKeyId)
    );
    assert_eq!(choose(&only, &json!({"alg": "RS256"}), &[]), Ok("r".into()));
}

#[test]
fn no_secret_is_printed() {
    let secret = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlY3JldA";
    let key = with(oct(), json!({"k": secret, "kid": "a"}));
    let wrong = with(key.clone(), json!({"alg": "RS256"}));
    let (set, warnings) = KeySet::read(&json!({"keys": [key, wrong]})).unwrap();
    let printed = format!("{set:?} {warnings:?} {}", warnings[0]);
    assert!(!printed.contains(secret) && !printed.contains("secret-secret"));
    assert!(!printed.contains("115, 101, 99, 114, 101, 116"));
}

#[test]
fn a_published_set_has_no_symmetric_keys() {
    let keys =
        json!({"keys": [with(oct(), json!({"kid": "s"})), with(rsa(), json!({"kid": "a"}))]});
    let (set, warnings) = KeySet::read_published(&keys).unwrap();
    assert_eq!(
        set.keys().iter().map(Jwk::kid).collect::<Vec<_>>(),
        [Some("a")]
    );
    assert_eq!(
        warnings.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["key 0 (`s`): it is a symmetric key, which must not be published"]
    );
    assert!(KeySet::read_published(&json!({"keys": [oct()]})).is_err());
    assert!(KeySet::read(&json!({"keys": [oct()]})).is_ok());
}
