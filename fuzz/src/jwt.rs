//! Tokens, their keys and their claims.

use std::time::Duration;

use postern::internals::auth::jwt::{
    Accepts, ClaimRules, ClaimsError, ClaimsSet, CompactJws, Expiry, JoseHeader, Jwk, KeySet,
    KeySetError, TokenError, scopes, strict_object,
};
use postern::internals::crypto::Algorithm;
use postern::time::Timestamp;
use serde_json::Value;

/// The parts of a token are its bytes, and each part is read or refused.
pub fn token(data: &[u8]) {
    let dots = data.iter().filter(|byte| **byte == b'.').count();
    let Ok(Some(token)) = CompactJws::split(data) else {
        assert!(dots != 2 || data.len() > CompactJws::MAX_BYTES);
        return;
    };
    assert_eq!(dots, 2);
    assert!(data.starts_with(token.signing_input()));
    let parts = [token.header_text(), token.payload_text()];
    assert_eq!(parts.join(&b'.'), token.signing_input());
    if let Ok(signature) = token.signature() {
        assert!(signature.len() < data.len());
    }
    let _ = token.claims();
    if let Ok(header) = token.header() {
        assert!(header.kid.iter().all(|kid| kid.len() < data.len()));
    }
}

/// A header is refused, or it is a JSON object for every reader, with these values.
pub fn jose_header(data: &[u8]) {
    let read = JoseHeader::parse(data);
    let Some(object) = strict_object(data) else {
        assert!(matches!(read, Err(TokenError::Json(_))));
        return;
    };
    let lenient: Value = serde_json::from_slice(data).expect("strict JSON is JSON");
    assert_eq!(object, lenient);
    if let Ok(header) = read {
        let text = |name| object.get(name).and_then(Value::as_str);
        assert_eq!(text("alg"), Some(header.algorithm.name()));
        assert_eq!(text("kid"), header.kid.as_deref());
        assert_eq!(text("typ"), header.typ.as_deref());
        for never in ["crit", "enc", "zip"] {
            assert_eq!(object.get(never), None);
        }
    }
}

/// Claims that are good cease to be at the time that is told.
pub fn claims(data: &[u8]) {
    let Some(claims) = ClaimsSet::parse(data) else {
        return;
    };
    assert!(scopes(claims.value()).all(|scope| !scope.is_empty()));
    let texts = |list: [&str; 2]| Accepts::OneOf(list.map(Into::into).into());
    let strict = ClaimRules {
        issuers: texts(["i", "https://id.example"]),
        audiences: texts(["a", "api"]),
        expiry: Expiry::Required,
        leeway: Duration::from_secs(30),
        max_age: Some(Duration::from_secs(3600)),
    };
    let lax = ClaimRules {
        issuers: Accepts::Any,
        audiences: Accepts::Any,
        expiry: Expiry::Optional,
        leeway: Duration::ZERO,
        max_age: None,
    };
    for seconds in [0, 1, 1_300_819_380, 18_446_744_073] {
        let now = Timestamp::default().after(Duration::from_secs(seconds));
        let taken = strict.check(&claims, now);
        if taken.is_ok() {
            assert!(claims.issuer().is_some() && claims.get("exp").is_some());
        }
        for (rules, ends) in [(&strict, taken), (&lax, lax.check(&claims, now))] {
            if let Ok(Some(end)) = ends {
                assert!(now < end);
                assert_eq!(rules.check(&claims, end), Err(ClaimsError::Expired));
            }
        }
    }
}

/// A key is refused, or it is for at least one algorithm, all of them for keys of its type (RFC 7518 §3.1, RFC 8037 §3.1).
pub fn jwk(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let Ok(key) = Jwk::read(&value) else {
        return;
    };
    let starts: &[&str] = match value.get("kty").and_then(Value::as_str) {
        Some("RSA") => &["RS", "PS"],
        Some("EC") => &["ES"],
        Some("OKP") => &["EdDSA"],
        Some("oct") => &["HS"],
        other => panic!("a key of the type {other:?}"),
    };
    let mut fitting = Algorithm::ALL.into_iter().filter(|one| key.allows(*one));
    let is_of_type = |one: Algorithm| starts.iter().any(|start| one.name().starts_with(start));
    assert!(fitting.clone().next().is_some());
    assert!(fitting.all(is_of_type));
    assert_eq!(key.kid(), value.get("kid").and_then(Value::as_str));
}

/// Each key of a set is usable, or passed over with a warning. A key that is chosen is for the algorithm.
pub fn key_set(data: &[u8]) {
    let Ok(value) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    published(&value);
    let written = value.get("keys").and_then(Value::as_array);
    let (set, warnings) = match KeySet::read(&value) {
        Ok(read) => read,
        Err(KeySetError::NoneUsable(warnings)) => {
            assert_eq!(written.map(Vec::len), Some(warnings.len()));
            return;
        }
        Err(KeySetError::NoKeys | KeySetError::TooMany(_)) => return,
    };
    let keys = set.keys();
    assert_eq!(written.map(Vec::len), Some(keys.len() + warnings.len()));
    let kids = keys.iter().map(|key| key.kid().map(Into::into));
    for kid in kids.chain([None, Some("other".into())]) {
        for algorithm in Algorithm::ALL {
            let header = JoseHeader {
                algorithm,
                kid: kid.clone(),
                typ: None,
            };
            let Ok(key) = set.select(&header, &[]) else {
                continue;
            };
            assert!(key.allows(algorithm));
            assert!(kid.is_none() || key.kid() == kid.as_deref() || keys.len() == 1);
            assert!(set.select(&header, &[algorithm]).is_ok());
        }
    }
}

/// A key that is used of a published set has a thumbprint, is in the set, and verifies no HMAC.
fn published(value: &Value) {
    let Ok((set, warnings)) = KeySet::read_published(value) else {
        return;
    };
    let written = value.get("keys").and_then(Value::as_array);
    let written = written.expect("a set has a list");
    assert_eq!(written.len(), set.keys().len() + warnings.len());
    for key in set.keys() {
        assert!(key.thumbprint().is_some());
        let is_same = |other: &Value| {
            Jwk::read(other).is_ok_and(|other| {
                other.kid() == key.kid() && other.thumbprint() == key.thumbprint()
            })
        };
        assert!(written.iter().any(is_same));
        let hmac = Algorithm::ALL.into_iter();
        let mut hmac = hmac.filter(|one| one.name().starts_with("HS"));
        assert!(!hmac.any(|one| key.allows(one)));
    }
}
