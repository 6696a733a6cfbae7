//! Apollo, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint, Scheme};

record! {
    /// A namespace of Apollo.
    pub struct ApolloSource {
        /// The Envoy cluster of Apollo's config service.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// The ID of the application.
        "appId" app_id: String as line = required;
        /// The cluster of the application in Apollo.
        "clusterName" cluster_name: String as line = "default";
        /// The namespace.
        "namespace" namespace: String as line = "application";
        /// How the content of a namespace with an extension becomes a value. Without it, the extension says it.
        "format" format: Option<ContentFormat> = optional;
        /// The secret of the application's access key: text or `{env: NAME}`.
        "accessKey" access_key: Option<TextOrEnv> = optional;
        /// The address by which gray releases know the gate.
        "ip" ip: Option<String> as line = optional;
        /// The label by which gray releases know the gate.
        "label" label: Option<String> as line = optional;
        /// How long the server holds a question until there is a change. Without it the document is asked for at each `refresh`.
        "longPoll" long_poll: Option<Duration> as duration::<10_000, 120_000> = optional;
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// The largest answer that is accepted.
        "maxBytes" max_bytes: usize as size::<1, 67_108_864> = "8Mi";
    }
}

impl ApolloSource {
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
