//! Tokens that no provider issues.

use base64ct::{Base64UrlUnpadded, Encoding as _};
use serde_json::{Value, json};

/// A part of a token: 0 the header, 1 the payload.
fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).expect("three parts");
    let bytes = Base64UrlUnpadded::decode_vec(part).expect("it is base64url");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

fn encoded(value: &Value) -> String {
    Base64UrlUnpadded::encode_string(value.to_string().as_bytes())
}

/// The token with changes in its header or payload, and its own signature.
fn with(token: &str, index: usize, changes: &Value) -> String {
    let mut value = part(token, index);
    for (name, change) in changes.as_object().into_iter().flatten() {
        value[name] = change.clone();
    }
    let new = encoded(&value);
    let parts = token.split('.').enumerate();
    let parts: Vec<_> = parts
        .map(|(at, old)| if at == index { &new } else { old })
        .collect();
    parts.join(".")
}

/// The token with another `kid`.
pub(crate) fn with_kid(token: &str, kid: &str) -> String {
    with(token, 0, &json!({"kid": kid}))
}

/// The token with another client in its payload.
pub(crate) fn of_another_client(token: &str) -> String {
    with(token, 1, &json!({"client_id": "admin"}))
}

/// The token without a signature, as `alg` says.
pub(crate) fn unsigned(token: &str) -> String {
    let bare = with(token, 0, &json!({"alg": "none"}));
    let (signed, _) = bare.rsplit_once('.').expect("three parts");
    format!("{signed}.")
}

/// The token with one letter of its signature changed.
pub(crate) fn damaged(token: &str) -> String {
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let first = if signature.starts_with('A') { "B" } else { "A" };
    format!("{signed}.{first}{}", signature.get(1..).unwrap_or_default())
}
