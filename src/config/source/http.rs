//! Plain HTTP, as it is written.

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
    /// A request that is answered with the document.
    pub struct HttpSource {
        /// The Envoy cluster to send it to.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the request. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the request: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// The method.
        "method" method: HttpSourceMethod = "GET";
        /// The path with its query, from `/`. It may hold `${key}` where the source is read on demand, and only there.
        "path" path: String as line = required;
        /// The content of a `POST`. It may hold `${key}` where the source is read on demand, and only there.
        "body" body: Option<String> = optional;
        /// Header fields of the request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// HTTP Basic.
        "basic" basic: Option<BasicCredentials> = optional;
        /// A bearer token: text or `{env: NAME}`.
        "bearer" bearer: Option<TextOrEnv> = optional;
        /// A login, whose token the requests have.
        "login" login: Option<HttpLogin> = optional;
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
        /// How documents are read.
        "format" format: ContentFormat = "json";
        /// The largest document that is accepted. Without it `8Mi`; with `onDemand` `256Ki`, and `1Mi` at most.
        "maxBytes" max_bytes: Option<usize> as size::<1, 67_108_864> = optional;
    }
    rules [
        FieldRule::AtMostOne(&["basic", "bearer", "login"]),
    ]
}

choice! {
    /// A method that asks for a document.
    pub enum HttpSourceMethod {
        /// Without content. It is conditional where the server allows that.
        "GET" Get;
        /// With content.
        "POST" Post;
    }
}

record! {
    /// A name and a password for HTTP Basic.
    pub struct BasicCredentials {
        /// The name.
        "username" username: String as line = required;
        /// The password: text or `{env: NAME}`.
        "password" password: TextOrEnv = required;
    }
}

record! {
    /// How the gate logs in.
    pub struct HttpLogin {
        /// At an authorization server, by client credentials.
        "oauth2" oauth2: OAuth2Login = required;
    }
}

record! {
    /// A login by client credentials (RFC 6749 §4.4).
    pub struct OAuth2Login {
        /// The Envoy cluster of the authorization server.
        "cluster" cluster: String as line = required;
        /// The `:authority` of the request. Without it, the cluster's name.
        "authority" authority: Option<String> as line = optional;
        /// The `:scheme` of the request: `https` where the cluster uses TLS.
        "scheme" scheme: Scheme = "http";
        /// The path of the token endpoint with its query, from `/`.
        "path" path: String as line = required;
        /// The identifier of the gate as a client.
        "clientId" client_id: String as line = required;
        /// Its password: text or `{env: NAME}`.
        "clientSecret" client_secret: TextOrEnv = required;
        /// How the two are sent.
        "clientAuthentication" client_authentication: ClientSecretBy = "basic";
        /// The scopes to ask for, with blanks between them.
        "scope" scope: Option<String> as line = optional;
        /// The audience to ask for, where the server knows that parameter.
        "audience" audience: Option<String> as line = optional;
        /// The resource to ask for (RFC 8707).
        "resource" resource: Option<String> as line = optional;
        /// Header fields of the request: text or `{env: NAME}`.
        "headers" headers: Vec<Named<TextOrEnv>> as secret_headers = {};
        /// How long the filter waits for a reply.
        "timeout" timeout: Duration as duration::<1, 300_000> = "2s";
    }
}

choice! {
    /// How a client's identifier and its password are sent (RFC 6749 §2.3.1).
    pub enum ClientSecretBy {
        /// `authorization: Basic`.
        "basic" Basic;
        /// `client_id` and `client_secret` in the content.
        "post" Post;
    }
}

impl HttpSource {
    /// Where its requests go.
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

impl OAuth2Login {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            cluster: &self.cluster,
            authority: self.authority.as_deref().unwrap_or(&self.cluster),
            scheme: self.scheme,
            headers: &self.headers,
            timeout: self.timeout,
            max_bytes: USUAL_BYTES,
        }
    }
}
