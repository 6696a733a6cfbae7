//! The claims of a verified token.

use std::fmt;

use serde_json::Value;

use crate::source::weight;

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
    pub(crate) const fn new(value: Value, payload: Option<Box<[u8]>>) -> Self {
        Self { value, payload }
    }

    /// Roughly how much memory they take, in bytes.
    pub(crate) fn weight(&self) -> usize {
        let payload = self.payload.as_ref().map_or(0, |payload| payload.len());
        weight(&self.value).saturating_add(payload)
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
