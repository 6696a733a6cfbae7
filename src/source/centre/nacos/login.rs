//! The login of Nacos: a name and a password become a token for some hours.

use std::time::Duration;

use serde_json::Value;

use crate::http::{is_unreserved, percent_encode_into};
use crate::secret::Secret;
use crate::strict_json;

/// The longest token that is sent.
const LONGEST_TOKEN: usize = 4096;

/// The content of a login.
pub(super) fn form(name: &str, password: &Secret) -> Secret {
    let mut form = b"username=".to_vec();
    percent_encode_into(&mut form, name.as_bytes(), is_unreserved);
    form.extend_from_slice(b"&password=");
    percent_encode_into(&mut form, password.expose(), is_unreserved);
    Secret::new(form)
}

/// The token in the answer to a login, and when the next login is due: before the token ends. Without a time the server itself
/// says when the token has ended.
pub(super) fn token(body: &[u8]) -> Option<(Secret, Option<Duration>)> {
    let answer: Value = strict_json::value(body).ok()?;
    let text = answer.get("accessToken")?.as_str()?;
    let is_sendable = (1..=LONGEST_TOKEN).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_graphic());
    let lasts = answer.get("tokenTtl").and_then(Value::as_u64);
    let lasts = lasts.map(|seconds| {
        let tenth = seconds.checked_div(10).unwrap_or_default();
        Duration::from_secs(seconds.saturating_sub(tenth.max(1)))
    });
    is_sendable.then(|| (Secret::new(text.as_bytes()), lasts))
}

/// Whether a login that was answered with the status 500 was refused: Nacos answers a wrong password so. Its own answer names
/// the path of the login; a proxy's answer doesn't.
pub(super) fn is_refusal(body: &[u8]) -> bool {
    let answer: Value = strict_json::value(body).unwrap_or_default();
    let path = answer.get("path").and_then(Value::as_str);
    path.is_some_and(|path| path.ends_with("/login"))
}
