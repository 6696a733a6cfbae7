//! Spring Cloud Alibaba, as it is written.

use crate::config::decode::record::FieldRule;
use crate::config::values::text::{line, lines};
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::size;
use crate::config::{Endpoint, NacosApiVersion};

record! {
    /// The properties of an application in Nacos, as Spring Cloud Alibaba keeps them there.
    pub struct SpringCloudAlibabaSource {
        ..service: Service {
            /// The Envoy cluster of Nacos' HTTP port.
            "cluster";
        }
        /// What all paths of the server begin with, from `/`.
        "contextPath" context_path: String as line = "/nacos";
        /// The ID of the namespace. Without it the one that is called `public`.
        "namespace" namespace: Option<String> as line = optional;
        /// The group.
        "group" group: String as line = "DEFAULT_GROUP";
        /// The name of the application, which its data IDs begin with.
        "application" application: String as line = required;
        /// The profiles. Of several values for one name that of the last profile counts.
        "profiles" profiles: Vec<String> as lines = [];
        /// The extension of the data IDs, and how all contents are read.
        "extension" extension: AlibabaExtension = "properties";
        /// The user, where Nacos asks for one.
        "username" username: Option<String> as line = optional;
        /// The user's password: text or `{env: NAME}`.
        "password" password: Option<TextOrEnv> = optional;
        /// The name of the key that signs the requests, where Nacos asks for one: text or `{env: NAME}`.
        "accessKey" access_key: Option<TextOrEnv> = optional;
        /// The key that signs the requests: text or `{env: NAME}`.
        "secretKey" secret_key: Option<TextOrEnv> = optional;
        /// The version of the HTTP API. Without it, it is found out.
        "apiVersion" api_version: Option<NacosApiVersion> = optional;
        /// The largest answer that is accepted, and the most that all contents may have together.
        "maxBytes" max_bytes: usize as size::<1, 67_108_864> = "8Mi";
    }
    rules [
        FieldRule::Needs("username", "password"),
        FieldRule::Needs("password", "username"),
        FieldRule::Needs("accessKey", "secretKey"),
        FieldRule::Needs("secretKey", "accessKey"),
        FieldRule::Apart("accessKey", &["username"]),
    ]
}

choice! {
    /// The extension of data IDs.
    pub enum AlibabaExtension {
        /// Properties, as Java reads them.
        "properties" Properties;
        /// YAML.
        "yaml" Yaml;
        /// YAML.
        "yml" Yml;
        /// JSON.
        "json" Json;
    }
}

impl SpringCloudAlibabaSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes)
    }
}
