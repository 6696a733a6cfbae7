//! Spring Cloud Consul, as it is written.

use std::time::Duration;

use crate::config::Endpoint;
use crate::config::values::text::{line, lines};
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};

record! {
    /// The properties of an application in Consul, as Spring Cloud Consul keeps them there.
    pub struct SpringCloudConsulSource {
        ..service: Service {
            /// The Envoy cluster of Consul's HTTP port.
            "cluster";
            /// How long the filter waits for a reply, beside `wait`.
            "timeout";
        }
        /// The folder of all applications.
        "prefix" prefix: String as line = "config";
        /// The name of the application, which its keys begin with.
        "application" application: String as line = required;
        /// The profiles. Of several values for one name that of the last profile counts.
        "profiles" profiles: Vec<String> as lines = [];
        /// The name of what all applications share.
        "defaultContext" default_context: String as line = "application";
        /// What stands between a name and a profile. Without it `,`; with the format `files` `-`.
        "profileSeparator" profile_separator: Option<String> as line = optional;
        /// What the keys and their values are.
        "format" format: SpringConsulFormat = "keyValue";
        /// The key in each folder whose value is a file, with the formats `yaml` and `properties`.
        "dataKey" data_key: String as line = "data";
        /// The ACL token: text or `{env: NAME}`.
        "token" token: Option<TextOrEnv> = optional;
        /// The datacenter. Without it that of the server that is asked.
        "datacenter" datacenter: Option<String> as line = optional;
        /// How long the server holds a question until anything changes below `prefix`. Without it all is read at each `refresh`.
        "wait" wait: Option<Duration> as duration::<1_000, 300_000> = optional;
        /// The largest answer that is accepted, and the most that all contents may have together.
        "maxBytes" max_bytes: usize as size::<1, 67_108_864> = "8Mi";
    }
}

choice! {
    /// What the keys of an application are.
    pub enum SpringConsulFormat {
        /// Each key is a property.
        "keyValue" KeyValue;
        /// One key of each folder is a file of YAML.
        "yaml" Yaml;
        /// One key of each folder is a file of properties.
        "properties" Properties;
        /// Keys are files, with extensions.
        "files" Files;
    }
}

impl SpringCloudConsulSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}
