//! Spring Cloud Config, as it is written.

use std::time::Duration;

use crate::config::decode::Named;
use crate::config::decode::record::FieldRule;
use crate::config::values::names::secret_headers;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::{duration, size};
use crate::config::{ContentFormat, Endpoint, Scheme};

use super::USUAL_BYTES;

record! {
    /// The environment of an application in Spring Cloud Config, or a file beside it.
    pub struct SpringCloudConfigSource {
        /// The Envoy cluster of the server.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the request. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the request: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// What all paths of the server begin with: its `spring.cloud.config.server.prefix`, from `/`.
        "prefix" prefix: Option<String> as line = optional;
        /// The name of the application. It, or the label, or the file holds `${key}` where the source is read on demand, and only
        /// there.
        "application" application: String as line = required;
        /// The profile, or several with commas between them.
        "profile" profile: String as line = "default";
        /// The label: a branch, a tag or a commit. Without it, the server's default.
        "label" label: Option<String> as line = optional;
        /// Whether the server merges the property sources and resolves placeholders.
        "merged" merged: bool = false;
        /// A file of the repository, which is the document as it is.
        "file" file: Option<String> as line = optional;
        /// How the file is read. Without it, as its extension says.
        "format" format: Option<ContentFormat> = optional;
        /// The name for HTTP Basic. It needs `password`.
        "username" username: Option<String> as line = optional;
        /// The password: text or `{env: NAME}`.
        "password" password: Option<TextOrEnv> = optional;
        /// The token that the server passes on to its Vault: text or `{env: NAME}`.
        "token" token: Option<TextOrEnv> = optional;
        /// Header fields of the request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// The largest answer that is accepted. Without it `8Mi`; with `onDemand` `256Ki`, and `1Mi` at most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
    }
    rules [
        FieldRule::Apart("file", &["merged"]),
        FieldRule::Needs("format", "file"),
        FieldRule::Needs("username", "password"),
        FieldRule::Needs("password", "username"),
    ]
}

impl SpringCloudConfigSource {
    /// Where its requests go, without the credentials.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: self.max_bytes.unwrap_or(USUAL_BYTES),
        }
    }
}
