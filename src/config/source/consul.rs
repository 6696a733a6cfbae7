//! Consul, as it is written.

use std::time::Duration;

use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint};

use super::USUAL_BYTES;

record! {
    /// A key of Consul, or all keys below a prefix.
    pub struct ConsulSource {
        ..service: Service {
            /// The Envoy cluster of Consul's HTTP port.
            "cluster";
            /// How long the filter waits for a reply, beside `wait`.
            "timeout";
        }
        /// The key whose value is the document. It holds `${key}` where the source is read on demand, and only there.
        "key" key: Option<String> as line = optional;
        /// The beginning of all keys that make the document, up to a `/`. What follows it in a key is the place in the document.
        "prefix" prefix: Option<String> as line = optional;
        /// How values are read.
        "format" format: ContentFormat = "json";
        /// The ACL token: text or `{env: NAME}`.
        "token" token: Option<TextOrEnv> = optional;
        /// The datacenter. Without it that of the server that is asked.
        "datacenter" datacenter: Option<String> as line = optional;
        /// How long the server holds a question until there is a change. Without it the document is asked for at each `refresh`.
        "wait" wait: Option<Duration> as duration::<1_000, 300_000> = optional;
        /// The largest answer that is accepted. Values below a prefix are in base64 there. Without it `8Mi`; with `onDemand`
        /// `256Ki`, and `1Mi` at most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
    }
    rules [FieldRule::One(&["key", "prefix"])]
}

impl ConsulSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }
}
