//! Eureka, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{BasicCredentials, Endpoint, Scheme};

use super::MOST_BYTES_ON_DEMAND;

record! {
    /// An application in Eureka with its instances.
    pub struct EurekaSource {
        /// The Envoy cluster of Eureka.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// What all paths of the server begin with, from `/`.
        "path" path: String as line = "/eureka";
        /// The name of the application. It holds `${key}` where the source is read on demand, and only there.
        "application" application: String as line = required;
        /// HTTP Basic.
        "basic" basic: Option<BasicCredentials> = optional;
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// The largest answer that is accepted. Without it `1Mi`, with `onDemand` `256Ki`.
        "maxBytes" max_bytes: Option<usize> as size::<1, 1_048_576> = optional;
    }
}

impl EurekaSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: self.max_bytes.unwrap_or(MOST_BYTES_ON_DEMAND),
        }
    }
}
