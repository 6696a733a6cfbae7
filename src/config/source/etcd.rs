//! etcd, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::decode::record::FieldRule;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint, Scheme};

use super::USUAL_BYTES;

record! {
    /// A key of etcd, or all keys below a prefix.
    pub struct EtcdSource {
        /// The Envoy cluster of etcd's client port.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// The key whose value is the document. It holds `${key}` where the source is read on demand, and only there.
        "key" key: Option<String> as line = optional;
        /// The beginning of all keys that make the document, up to a `/`. What follows it in a key is the place in the document.
        "prefix" prefix: Option<String> as line = optional;
        /// How values are read.
        "format" format: ContentFormat = "json";
        /// The user, where etcd asks for one.
        "username" username: Option<String> as line = optional;
        /// The user's password: text or `{env: NAME}`.
        "password" password: Option<TextOrEnv> = optional;
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// The largest answer that is accepted. Values are in base64 there. Without it `8Mi`; with `onDemand` `256Ki`, and `1Mi` at
        /// most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
    }
    rules [
        FieldRule::One(&["key", "prefix"]),
        FieldRule::Needs("username", "password"),
        FieldRule::Needs("password", "username"),
    ]
}

impl EtcdSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: self.max_bytes.unwrap_or(USUAL_BYTES),
        }
    }
}
