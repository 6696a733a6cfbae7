//! Eureka, as it is written.

use crate::config::values::text::line;
use crate::config::values::units::size;
use crate::config::{BasicCredentials, Endpoint};

use super::MOST_BYTES_ON_DEMAND;

record! {
    /// An application in Eureka with its instances.
    pub struct EurekaSource {
        ..service: Service {
            /// The Envoy cluster of Eureka.
            "cluster";
        }
        /// What all paths of the server begin with, from `/`.
        "path" path: String as line = "/eureka";
        /// The name of the application. It holds `${key}` where the source is read on demand, and only there.
        "application" application: String as line = required;
        /// HTTP Basic.
        "basic" basic: Option<BasicCredentials> = optional;
        /// The largest answer that is accepted. Without it `1Mi`, with `onDemand` `256Ki`.
        "maxBytes" max_bytes: Option<usize> as size::<1, 1_048_576> = optional;
    }
}

impl EurekaSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service
            .endpoint(self.max_bytes.unwrap_or(MOST_BYTES_ON_DEMAND))
    }
}
