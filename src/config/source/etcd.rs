//! etcd, as it is written.

use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::size;
use crate::config::{ContentFormat, Endpoint};

use super::USUAL_BYTES;

record! {
    /// A key of etcd, or all keys below a prefix.
    pub struct EtcdSource {
        ..service: Service {
            /// The Envoy cluster of etcd's client port.
            "cluster";
        }
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
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }
}
