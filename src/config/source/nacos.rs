//! Nacos, as it is written.

use std::time::Duration;

use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint};

use super::USUAL_BYTES;

record! {
    /// The content of a data ID of Nacos.
    pub struct NacosSource {
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
        /// The data ID whose content is the document. It holds `${key}` where the source is read on demand, and only there.
        "dataId" data_id: String as line = required;
        /// How the content becomes a value. Without it, the data ID's extension says it, or the type that Nacos has noted.
        "format" format: Option<ContentFormat> = optional;
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
        /// How long the server holds a question until there is a change. Without it the document is asked for at each `refresh`.
        "longPoll" long_poll: Option<Duration> as duration::<10_000, 30_000> = optional;
        /// The largest answer that is accepted. Without it `8Mi`; with `onDemand` `256Ki`, and `1Mi` at most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
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
    /// A version of Nacos' HTTP API.
    pub enum NacosApiVersion {
        /// Nacos 1 to 3.1.
        "v1" V1;
        /// Nacos 2.2 to 3.1.
        "v2" V2;
        /// The client API of Nacos 3.
        "v3" V3;
    }
}

impl NacosSource {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }
}
