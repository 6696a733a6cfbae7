//! Sources of the kind `eureka`.

use crate::config::{self, ConfigErrors, Path};
use crate::http::Endpoint;
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::Environment;
use crate::source::{EurekaProtocol, Format, PathError, Protocol, file_segments};

use super::consul::ENCODED_KEY;
use super::http::basic;
use super::{SourceKind, fetched};

/// Compiles an application, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    written: &config::EurekaSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    let endpoint = with_credentials(written, environment, at, errors);
    let path = path(written, at, errors);
    let (endpoint, path) = endpoint.zip(path)?;
    definition.add(b"eureka");
    definition.add(path.as_bytes());
    definition.endpoint(&endpoint);
    let protocol = match &source.on_demand {
        None => EurekaProtocol::new(endpoint, &path),
        Some(_) => EurekaProtocol::entries(endpoint, &path.replace(ENCODED_KEY, "${key}")),
    };
    let refuse = |error: PathError| errors.push(&at.field("path"), error.to_string());
    let protocol = Protocol::Eureka(protocol.map_err(refuse).ok()?);
    Some(fetched(protocol, Format::JSON, source, definition))
}

/// The path of the application.
fn path(
    written: &config::EurekaSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let mut prefix = Some(written.path.trim_end_matches('/'));
    if written.path.contains(['?', '$']) {
        errors.push(&at.field("path"), "must have no query and no `$`");
        prefix = None;
    }
    let name = written.application.as_str();
    let name = file_segments(name).filter(|_| !name.contains('/'));
    if name.is_none() {
        let reason = "must have no `/`, and must not read as a dot segment";
        errors.push(&at.field("application"), reason);
    }
    Some(format!("{}/apps/{}", prefix?, name?))
}

/// The endpoint with the credentials in its headers.
fn with_credentials(
    written: &config::EurekaSource,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Endpoint> {
    for header in &written.service.headers {
        let (is_own, suggestion) = match header.name.as_str() {
            "accept" => (true, "remove it: the answer is read as JSON"),
            "authorization" => (written.basic.is_some(), "remove it, or `basic`"),
            _ => (false, ""),
        };
        if is_own {
            let reason = "the request has this header already";
            let headers = at.field("headers");
            errors.suggest(&headers.field(&header.name), reason, suggestion);
        }
    }
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    let Some(credentials) = &written.basic else {
        return Some(endpoint);
    };
    let value = basic(credentials, environment, &at.field("basic"), errors)?;
    let mut headers = endpoint.headers().to_vec();
    headers.push(("authorization".into(), value));
    Some(endpoint.with_headers(headers))
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it, and mean the same application.
    #[test]
    fn the_application_and_the_credentials_are_in_the_definition() {
        let all = [
            r#""application": "a""#,
            r#""application": "b""#,
            r#""application": "a", "path": "/""#,
            r#""application": "a", "maxBytes": "64Ki""#,
            r#""application": "a", "headers": {"x-a": "b"}"#,
            r#""application": "a", "basic": {"username": "u", "password": "hunter2"}"#,
            r#""application": "a", "basic": {"username": "v", "password": "hunter2"}"#,
            r#""application": "a", "basic": {"username": "u", "password": "p"}"#,
        ];
        let named = r#""application": "a", "path": "/eureka/", "timeout": "9s", "basic": {"username": "u", "password": {"env": "hunter2"}}"#;
        check_definitions("eureka", &all, (named, 5));
    }
}
