//! Kubernetes, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::decode::record::FieldRule;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint, Scheme};

record! {
    /// A ConfigMap or a Secret of Kubernetes.
    pub struct KubernetesSource {
        /// The Envoy cluster of the API server.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
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
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply, beyond `wait`.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
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
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: self.max_bytes,
        }
    }
}
