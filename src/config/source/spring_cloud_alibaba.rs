//! Spring Cloud Alibaba, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::decode::record::FieldRule;
use crate::config::values::names::secret_headers;
use crate::config::values::text::{line, lines};
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{Endpoint, NacosApiVersion, Scheme};

record! {
    /// The properties of an application in Nacos, as Spring Cloud Alibaba keeps them there.
    pub struct SpringCloudAlibabaSource {
        /// The Envoy cluster of Nacos' HTTP port.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the requests. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the requests: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
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
        /// Header fields of each request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
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
