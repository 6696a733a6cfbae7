//! Spring Cloud Config, as it is written.

use crate::config::decode::record::FieldRule;
use crate::config::values::text::line;
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::size;
use crate::config::{ContentFormat, Endpoint};

use super::USUAL_BYTES;

record! {
    /// The environment of an application in Spring Cloud Config, or a file beside it.
    pub struct SpringCloudConfigSource {
        ..service: Service {
            /// The Envoy cluster of the server.
            "cluster";
        }
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
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }
}
