//! Plain HTTP, as it is written.

mod body;

use crate::config::decode::node::Node;
use crate::config::decode::record::FieldRule;
use crate::config::decode::{Named, list};
use crate::config::values::scalar::integer;
use crate::config::values::text::{line, values_by_name};
use crate::config::values::text_or_env::TextOrEnv;
use crate::config::values::units::size;
use crate::config::{ConfigErrors, ContentFormat, Endpoint, Path};

use super::USUAL_BYTES;

pub use body::HttpBody;
pub(in crate::config) use body::WrittenHttpBody;

record! {
    /// A request that is answered with the document.
    pub struct HttpSource {
        ..service: Service {
            /// The Envoy cluster to send it to.
            "cluster";
            /// Header fields of the request: text or `{env: NAME}`. In requests by template the texts are templates.
            "headers";
        }
        /// The method.
        "method" method: HttpSourceMethod = "GET";
        /// The path with its query, from `/`. Where the source is read on demand, and only there, it may hold `${key}` or be a
        /// template.
        "path" path: String as line = required;
        /// More parameters of the query, by name: templates. Only in requests by template.
        "query" query: Vec<Named<String>> as values_by_name = {};
        /// The content. Where the source is read on demand, and only there, it may hold `${key}` or be a template.
        "body" body: Option<HttpBody> = optional;
        /// HTTP Basic.
        "basic" basic: Option<BasicCredentials> = optional;
        /// A bearer token: text or `{env: NAME}`.
        "bearer" bearer: Option<TextOrEnv> = optional;
        /// A login, whose token the requests have.
        "login" login: Option<HttpLogin> = optional;
        /// How documents are read.
        "format" format: ContentFormat = "json";
        /// The statuses whose content is the document. Without it, 200.
        "ok" ok: Option<Vec<u16>> as statuses = optional;
        /// The statuses that say that there is no such document. Without it, 404 and 410.
        "missing" missing: Option<Vec<u16>> as statuses = optional;
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
        /// With content. Only in requests by template.
        "PUT" Put;
        /// With content. Only in requests by template.
        "PATCH" Patch;
        /// Without content. Only in requests by template.
        "DELETE" Delete;
        /// That of the client's request, without content. Only in requests by template.
        "${request.method}" Same;
    }
}

impl HttpSourceMethod {
    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Same => "${request.method}",
        }
    }
}

/// A list of statuses. A 304 says something else.
fn statuses(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Vec<u16>> {
    list(status, node, at, errors)
}

fn status(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<u16> {
    let status = integer::<200, 599, u16>(node, at, errors)?;
    if status == 304 {
        errors.push(at, "a 304 says that the document is the same as before");
        return None;
    }
    Some(status)
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
        ..service: Service {
            /// The Envoy cluster of the authorization server.
            "cluster";
        }
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
    }
}

/// A field that holds a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HttpSourceField<'c> {
    /// The path with its query.
    Path,
    /// A parameter of the query.
    Query(&'c str),
    /// A header field.
    Header(&'c str),
    /// The content.
    Body,
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
    /// Whether it asks for one document for each key.
    #[must_use]
    pub fn holds_key(&self) -> bool {
        let in_body = matches!(&self.body, Some(HttpBody::Text(text)) if text.contains("${key}"));
        in_body || self.path.contains("${key}")
    }

    /// Whether it has variables other than a key. Then each request of a client makes the request for its document, if the source
    /// is read on demand.
    #[must_use]
    pub fn is_by_template(&self) -> bool {
        let has_variable = |(_, text): &(_, &str)| text.contains("${");
        !self.holds_key()
            && (matches!(self.method, HttpSourceMethod::Same)
                || self.texts().iter().any(has_variable))
    }

    /// The texts that are templates where requests are made by template, each by its field. That of the method isn't among
    /// them, and of a header those from the environment aren't.
    #[must_use]
    pub fn texts(&self) -> Vec<(HttpSourceField<'_>, &str)> {
        let mut texts = vec![(HttpSourceField::Path, &*self.path)];
        for parameter in &self.query {
            texts.push((HttpSourceField::Query(&parameter.name), &parameter.value));
        }
        for header in &self.service.headers {
            if let Some(text) = header.value.text() {
                texts.push((HttpSourceField::Header(&header.name), text));
            }
        }
        if let Some(body) = &self.body {
            body.collect(&mut texts);
        }
        texts
    }

    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(self.max_bytes.unwrap_or(USUAL_BYTES))
    }
}

impl OAuth2Login {
    /// Where its requests go.
    #[must_use]
    pub fn endpoint(&self) -> Endpoint<'_> {
        self.service.endpoint(USUAL_BYTES)
    }
}
