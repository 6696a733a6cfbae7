//! Fields that belong to a connection.

use super::same_name;

/// Fields of a connection or of message framing (RFC 9110 §7.6.1, §8.6). Writing them would break the message; Envoy writes
/// them itself.
pub const FRAMING: [&str; 9] = [
    "connection",
    "content-length",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "http2-settings",
];

/// Whether the name is that of such a field, in any spelling, or `host`.
#[must_use]
pub fn belongs_to_connection(name: &[u8]) -> bool {
    let mut fields = FRAMING.iter();
    same_name(name, b"host") || fields.any(|field| same_name(name, field.as_bytes()))
}
