//! Sources of the kind `kubernetes`.

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Endpoint, Text};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::secret::Secret;
use crate::source::{ContentFormat, Format, KubernetesObject, KubernetesProtocol, Protocol};

use super::format::content_format;
use super::{SourceKind, fetched};

/// Compiles a watched ConfigMap or Secret.
pub(super) fn compile(
    source: &config::Source,
    written: &config::KubernetesSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check(source, written, at, errors);
    let endpoint = with_token(written, environment, at, errors)?;
    let (kind, object) = match (&written.config_map, &written.secret) {
        (Some(name), _) => ("configMap", KubernetesObject::ConfigMap(name)),
        (None, name) => ("secret", KubernetesObject::Secret(name.as_deref()?)),
    };
    definition.add(b"kubernetes");
    definition.add(written.namespace.as_bytes());
    definition.add(kind.as_bytes());
    for name in [&written.config_map, &written.secret, &written.key] {
        definition.add(name.as_deref().unwrap_or_default().as_bytes());
    }
    definition.endpoint(&endpoint);
    let key = written.key.as_deref();
    // Without a key the document is no content of a file.
    let format = key.map(|key| match written.format {
        Some(format) => content_format(format),
        None => ContentFormat::of_extension(key).unwrap_or_default(),
    });
    let protocol = KubernetesProtocol::new(endpoint, &written.namespace, object, key);
    let protocol = Protocol::Kubernetes(protocol.with_wait(written.wait));
    Some(fetched(
        protocol,
        Format::Kubernetes(format),
        source,
        definition,
    ))
}

/// The endpoint, with the token.
fn with_token(
    written: &config::KubernetesSource,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Endpoint> {
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    let Some(token) = &written.token else {
        return Some(endpoint);
    };
    let token = secret(token, environment, &at.field("token"), errors)?;
    let token = Secret::new([b"Bearer ", token.expose()].concat());
    let mut headers: Vec<(Text, Secret)> = endpoint.headers().to_vec();
    headers.push(("authorization".into(), token));
    Some(endpoint.with_headers(headers))
}

/// Refuses names that would be something else in a path, and what can't work.
fn check(
    source: &config::Source,
    written: &config::KubernetesSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let namespace = Some(&written.namespace);
    for (field, name) in [
        ("namespace", namespace),
        ("configMap", written.config_map.as_ref()),
        ("secret", written.secret.as_ref()),
        ("key", written.key.as_ref()),
    ] {
        let is_inner = |byte: u8| match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' => true,
            b'A'..=b'Z' | b'_' => field == "key",
            _ => false,
        };
        let name = name.map_or("a", |name| name);
        let has_dots = field != "key" && (name.starts_with('.') || name.ends_with('.'));
        if has_dots || !name.bytes().all(is_inner) {
            errors.push(&at.field(field), "Kubernetes has no such name");
        }
    }
    if written.wait.is_some_and(|wait| wait >= source.stale_for) {
        let reason = "must be shorter than `staleFor`: during a watch nothing is confirmed";
        errors.push(&at.field("wait"), reason);
    }
    let headers = at.field("headers");
    for header in &written.service.headers {
        let is_token = header.name == "authorization" && written.token.is_some();
        if is_token || header.name == "accept" {
            let reason = "the request has this header already";
            errors.suggest(&headers.field(&header.name), reason, "remove it");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::policy::Policy;
    use crate::policy::source::tests::{check_definitions, definition};

    fn compile(kubernetes: &str) -> Result<Policy, String> {
        let text = format!(
            r#"{{"sources": {{"s": {{"kubernetes": {{"cluster": "c", {kubernetes}}}}}}}}}"#
        );
        let config = Config::parse(text.as_bytes()).unwrap();
        let policy = Policy::compile(&config, &|name: &str| Some(name.to_owned()));
        policy.map_err(|errors| errors.to_string())
    }

    /// Two policies share a document only if both may read it.
    #[test]
    fn the_object_and_the_token_are_in_the_definition() {
        let all = [
            r#""namespace": "n", "configMap": "a""#,
            r#""namespace": "n", "secret": "a""#,
            r#""namespace": "n", "configMap": "b""#,
            r#""namespace": "m", "configMap": "a""#,
            r#""namespace": "n", "configMap": "a", "token": "hunter2""#,
            r#""namespace": "n", "configMap": "a", "token": "t""#,
            r#""namespace": "n", "configMap": "a", "key": "k""#,
            r#""namespace": "n", "configMap": "a", "key": "k", "format": "yaml""#,
        ];
        let more = r#""namespace": "n", "configMap": "a", "token": {"env": "hunter2"}, "wait": "9s", "timeout": "9s""#;
        check_definitions("kubernetes", &all, (more, 4));
        let named = r#""namespace": "n", "configMap": "a", "key": "k.yaml""#;
        let written = r#""namespace": "n", "configMap": "a", "key": "k.yaml", "format": "yaml""#;
        let kind = "kubernetes";
        assert_eq!(definition(kind, named), definition(kind, written));
    }

    #[test]
    fn refuses_names_that_kubernetes_does_not_have() {
        for (namespace, name, is_good) in [
            ("shop-1", "a.b-c", true),
            ("shop/1", "a", false),
            ("..", "a", false),
            ("n", ".", false),
            ("n", "A", false),
            ("n", "a.", false),
            ("n", "a/b", false),
            ("n", "a?b", false),
            ("n", "é", false),
            ("n", "${key}", false),
        ] {
            let written = format!(r#""namespace": "{namespace}", "secret": "{name}""#);
            assert_eq!(compile(&written).is_ok(), is_good, "{written}");
        }
        for (key, is_good) in [("App_1.json", true), ("a b", false), ("a\\\"", false)] {
            let written = format!(r#""namespace": "n", "secret": "a", "key": "{key}""#);
            assert_eq!(compile(&written).is_ok(), is_good, "{written}");
        }
    }
}
