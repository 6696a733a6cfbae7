//! Requests that are signed by an access key, as the clients of ACM and of Nacos in MSE sign them (`SpasAdapter`).

use crate::http::{Callout, Text};
use crate::secret::Secret;
use crate::source::centre::signature::{milliseconds, sign};
use crate::time::Timestamp;

/// An access key: its name, and what signs.
#[derive(Debug)]
pub(super) struct Signer {
    access_key: Secret,
    secret_key: Secret,
}

impl Signer {
    pub(super) fn new(access_key: &Secret, secret_key: &Secret) -> Self {
        Self {
            access_key: access_key.clone(),
            secret_key: secret_key.clone(),
        }
    }

    /// Signs a request for this resource; without one, the time alone.
    pub(super) fn sign(&self, callout: &mut Callout, resource: &str, now: Timestamp) {
        let time = milliseconds(now);
        let plus = if resource.is_empty() { "" } else { "+" };
        let text = [resource, plus, &time].concat();
        let signature = sign(&self.secret_key, text.as_bytes());
        for (name, value) in [
            ("spas-accesskey", self.access_key.expose().to_vec()),
            ("timestamp", time.into_bytes()),
            ("spas-signature", signature.into_bytes()),
        ] {
            callout.headers.push((name.into(), Text::Owned(value)));
        }
    }
}
