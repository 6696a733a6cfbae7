//! Kubernetes, as it is written.

use std::time::Duration;

use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint};

record! {
    /// A ConfigMap or a Secret of Kubernetes.
    pub struct KubernetesSource {
        ..service: Service {
            /// The Envoy cluster of the API server.
            "cluster";
            /// How long the filter waits for a reply, beyond `wait`.
            "timeout";
        }
        /// The namespace.
        "namespace" namespace: String as line = required;
        /// The name of a ConfigMap.
        "configMap" config_map: Option<String> as line = optional;
        /// The name of a Secret.
        "secret" secret: Option<String> as line = optional;
        /// The data key whose value is the document. Without it the document is a map of all values, as text.
        "key" key: Option<String> as line = optional;
        /// How the value of `key` is read. Without it, the extension of `key` says it, or it is JSON.
        "format" format: Option<ContentFormat> = optional;
        /// The token of a service account: text or `{env: NAME}`.
        "token" token: Option<TextOrEnv> = optional;
        /// How long the server holds a question; parts of seconds are left out. Without it the metadata are asked for at each `refresh`.
        "wait" wait: Option<Duration> as duration::<1_000, 60_000> = optional;
        /// The largest answer that is accepted.
        "maxBytes" max_bytes: usize as size::<1, 8_388_608> = "2Mi";
    }
    rules [
        FieldRule::One(&["configMap", "secret"]),
        FieldRule::Needs("format", "key"),
    ]
}

impl KubernetesSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}
