//! Alibaba Cloud ACM, as it is written.

use std::time::Duration;

use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint, Scheme};

use super::USUAL_BYTES;

record! {
    /// The content of a data ID of Alibaba Cloud ACM.
    pub struct AcmSource {
        ..service: Service {
            /// The Envoy cluster of ACM's servers.
            "cluster";
        }
        /// What names the servers. Without it, Envoy knows them as the endpoints of the cluster.
        "endpoint" endpoint: Option<AcmEndpoint> = optional;
        /// The ID of the namespace. Without it the one that ACM has from the beginning.
        "namespace" namespace: Option<String> as line = optional;
        /// The group.
        "group" group: String as line = "DEFAULT_GROUP";
        /// The data ID whose content is the document. It holds `${key}` where the source is read on demand, and only there.
        "dataId" data_id: String as line = required;
        /// How the content becomes a value. Without it, the data ID's extension says it, or else it is JSON.
        "format" format: Option<ContentFormat> = optional;
        /// The name of the key that signs the requests: text or `{env: NAME}`.
        "accessKey" access_key: TextOrEnv = required;
        /// The key that signs the requests: text or `{env: NAME}`.
        "secretKey" secret_key: TextOrEnv = required;
        /// How long the server holds a question until there is a change. Without it the content is read at each `refresh`.
        "longPoll" long_poll: Option<Duration> as duration::<10_000, 30_000> = optional;
        /// The largest answer that is accepted. Without it `8Mi`; with `onDemand` `256Ki`, and `1Mi` at most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
    }
}

record! {
    /// An address server of ACM.
    pub struct AcmEndpoint {
        /// The Envoy cluster of the address server.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests to it. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
    }
}

impl AcmSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }

    /// Where the requests for addresses go.
    #[must_use]
    pub fn addresses(&self) -> Option<Endpoint<'_>> {
        let endpoint = self.endpoint.as_ref()?;
        Some(Endpoint {
            cluster: &endpoint.cluster,
            authority: endpoint.authority.as_deref().unwrap_or(&endpoint.cluster),
            scheme: Scheme::Http,
            headers: &[],
            ..self.endpoint()
        })
    }
}
