//! How the gate proves who it is to an authorization server.

use crate::http::{base64, encode_form_value};
use crate::secret::Secret;

/// How the gate proves who it is to an authorization server (RFC 6749 §2.3, RFC 7662 §2.1).
#[derive(Clone, Debug)]
pub enum ClientAuthentication {
    /// By HTTP Basic (RFC 6749 §2.3.1).
    Basic {
        /// The client's identifier.
        id: Box<str>,
        /// Its password.
        secret: Secret,
    },
    /// By `client_id` and `client_secret` in the content (RFC 6749 §2.3.1).
    Post {
        /// The client's identifier.
        id: Box<str>,
        /// Its password.
        secret: Secret,
    },
    /// By a bearer token (RFC 6750 §2.1).
    Bearer(Secret),
}

impl ClientAuthentication {
    /// Appends to a form, which isn't empty, what stands there. Returns the value of `authorization`, if there is one.
    pub(super) fn write(&self, form: &mut Vec<u8>) -> Option<Secret> {
        let authorization = match self {
            Self::Basic { id, secret } => {
                let mut pair = Vec::new();
                encode_form_value(&mut pair, id.as_bytes());
                pair.push(b':');
                encode_form_value(&mut pair, secret.expose());
                [b"Basic ", base64(&pair).as_bytes()].concat()
            }
            Self::Post { id, secret } => {
                form.extend_from_slice(b"&client_id=");
                encode_form_value(form, id.as_bytes());
                form.extend_from_slice(b"&client_secret=");
                encode_form_value(form, secret.expose());
                return None;
            }
            Self::Bearer(secret) => [b"Bearer ", secret.expose()].concat(),
        };
        Some(Secret::new(authorization))
    }
}
