//! Tokens that are signed by HS256: the core verifies them without a host.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

/// The key of all tokens. It is worthless.
const SECRET: &[u8; 32] = b"a worthless secret of 32 bytes..";

/// The provider of tokens.
pub(super) fn provider() -> Value {
    let key = json!({"kty": "oct", "kid": "bench", "alg": "HS256", "k": encode(SECRET)});
    json!({"jwt": {
        "issuer": "https://id.bench.test",
        "audiences": ["api"],
        "keys": {"inline": {"keys": [key]}},
        "consumer": {"claim": "sub"},
        // The bound of the time for verifications would refuse what is to be measured.
        "verificationShare": "100%",
    }})
}

/// The value of `authorization` for one token. It is about as long as one that is signed by RS256 (800 bytes).
pub(super) fn bearer(number: usize, subject: &str) -> String {
    let header = json!({"alg": "HS256", "typ": "JWT", "kid": "bench"});
    let payload = json!({
        "iss": "https://id.bench.test",
        "aud": ["api", "account"],
        "sub": subject,
        // The clock of the measurement stands at the beginning of 1970.
        "iat": 0,
        "exp": 3600,
        "jti": format!("{number:08x}-52c1-4f0b-9a3e-6d7e5b1f0c44"),
        "azp": "bench-web",
        "scope": "openid profile orders:read orders:write",
        "email": format!("{subject}@bench.test"),
        "roles": ["reader", "writer"],
        "picture": format!("https://cdn.bench.test/{}.png", "0123456789abcdef".repeat(12)),
    });
    let input = format!(
        "{}.{}",
        encode(header.to_string().as_bytes()),
        encode(payload.to_string().as_bytes())
    );
    let mac = Hmac::<Sha256>::new_from_slice(SECRET).expect("any length is good");
    let signature = mac.chain_update(&input).finalize().into_bytes();
    format!("Bearer {input}.{}", encode(&signature))
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}
