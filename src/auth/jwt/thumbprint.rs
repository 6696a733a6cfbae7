//! The thumbprint of a key (RFC 7638): what is the same for two texts of one key.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The SHA-256 of a public key's required members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// That of a JWK that was read. Its members are base64url, so they stand in JSON as they are. `None` for a symmetric key.
    pub(super) fn of(jwk: &Value) -> Option<Self> {
        // RFC 7638 §3.2, RFC 8037 §2: the members in lexicographic order.
        let members: &[&str] = match jwk.get("kty")?.as_str()? {
            "RSA" => &["e", "kty", "n"],
            "EC" => &["crv", "kty", "x", "y"],
            "OKP" => &["crv", "kty", "x"],
            _ => return None,
        };
        let mut hasher = Sha256::new();
        let mut before = "{\"";
        for name in members {
            let value = jwk.get(*name)?.as_str()?;
            for part in [before, name, "\":\"", value, "\""] {
                hasher.update(part);
            }
            before = ",\"";
        }
        hasher.update("}");
        Some(Self(hasher.finalize().into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::jwt::decode_base64url;
    use serde_json::json;

    /// RFC 7638 §3.1 and RFC 8037 A.3.
    #[test]
    fn the_published_examples() {
        let rsa = json!({"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n":
            "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMs\
             tn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajr\
             n1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"});
        let okp = json!({"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"});
        for (key, thumbprint) in [
            (rsa, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
            (okp, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        ] {
            let expected = decode_base64url(thumbprint.as_bytes()).unwrap();
            assert_eq!(Thumbprint::of(&key).unwrap().0.as_slice(), expected);
        }
    }

    #[test]
    fn other_members_do_not_count() {
        let of = |text: &str| Thumbprint::of(&serde_json::from_str(text).unwrap());
        for (key, same, other) in [
            (
                r#"{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "Ag"}"#,
                r#"{"kid": "a", "y": "Ag", "x": "AQ", "crv": "P-256", "kty": "EC", "use": "sig"}"#,
                r#"{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "Aw"}"#,
            ),
            (
                r#"{"kty": "RSA", "n": "AQ", "e": "AQAB"}"#,
                r#"{"kty": "RSA", "n": "AQ", "e": "AQAB", "x": "Ag"}"#,
                r#"{"kty": "RSA", "n": "Ag", "e": "AQAB"}"#,
            ),
        ] {
            assert!(of(key).is_some());
            assert_eq!(of(key), of(same));
            assert_ne!(of(key), of(other));
        }
        for other in [
            r#"{"kty": "oct", "k": "AQ"}"#,
            r#"{"kty": "RSA", "n": "AQ"}"#,
            "7",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }
}
