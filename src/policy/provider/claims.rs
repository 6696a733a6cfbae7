//! The claims of a verified token.

use std::fmt;

use serde_json::Value;

/// The claims of a token whose signature is good (RFC 7519 §4). `Debug` shows none: they are personal.
pub(crate) struct Claims {
    value: Value,
    payload: Option<Box<[u8]>>,
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

impl Claims {
    /// The claims of a token. `value` is a JSON object. `payload` is the text that it was read from, in unpadded base64url, if
    /// the token has one.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no kind has claims yet but the test double")
    )]
    pub(crate) const fn new(value: Value, payload: Option<Box<[u8]>>) -> Self {
        Self { value, payload }
    }

    /// All claims: a JSON object.
    pub(crate) const fn value(&self) -> &Value {
        &self.value
    }

    /// The token's payload in unpadded base64url, where it has one.
    pub(crate) fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }
}
