//! Opaque tokens for the jobs: their provider, and the server that knows them.

use postern::http::{HeaderMap, Reply};
use serde_json::{Value, json};

/// The provider of J6.
pub(super) fn provider() -> Value {
    json!({"opaque": {
        "introspection": {"cluster": "id", "path": "/introspect", "client": {"id": "gate", "secret": "s"}, "ttl": "1h"},
        "consumer": {"claim": "client_id"},
    }})
}

/// The credential of a consumer's request.
pub(super) fn bearer(caller: usize) -> String {
    format!("Bearer {}", token(caller))
}

/// 43 letters, as 256 random bits have in base64url.
fn token(caller: usize) -> String {
    format!("{caller:06}-mF_9xB5f-4y1JqM7hYtGz0aPq2WsXc4rVb6Nkd")
}

/// What the server says of the token in this form.
pub(super) fn reply(form: &[u8]) -> Reply {
    let form = String::from_utf8_lossy(form);
    let caller = form
        .trim_start_matches("token=")
        .get(..6)
        .unwrap_or_default();
    let answer = json!({
        "active": true,
        "client_id": format!("consumer-{caller}"),
        "iss": "https://id.example",
        "sub": "alice",
        "scope": "orders:read orders:write",
        "token_type": "Bearer",
        "exp": 4_102_444_800_u64,
    });
    Reply {
        headers: HeaderMap::from_pairs(&[(":status", "200")]),
        body: answer.to_string().into_bytes(),
    }
}
