//! Apollo, as it is written.

use std::time::Duration;

use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint};

record! {
    /// A namespace of Apollo.
    pub struct ApolloSource {
        ..service: Service {
            /// The Envoy cluster of Apollo's config service.
            "cluster";
        }
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
        /// The largest answer that is accepted.
        "maxBytes" max_bytes: usize as size::<1, 67_108_864> = "8Mi";
    }
}

impl ApolloSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}
