//! Compiles a source in Spring Cloud Config.

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Endpoint, Text, base64};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, variable};
use crate::secret::Secret;
use crate::source::{Format, HttpProtocol, PathError, Protocol, environment_segment};

use super::{SourceKind, watched};

/// The header field of the token that a server passes on to its Vault.
const TOKEN: &str = "x-config-token";

/// Compiles a watched environment.
pub(super) fn compile(
    source: &config::Source,
    written: &config::SpringCloudConfigSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    refuse_headers(written, &at.field("headers"), errors);
    let path = path(written, at, errors);
    let endpoint = with_credentials(written, environment, at, errors);
    let path = path?;
    definition.add(b"springCloudConfig");
    definition.add(path.as_bytes());
    definition.endpoint(&endpoint);
    // The names are encoded: only the prefix can be wrong.
    let format = Format::SpringEnvironment;
    let protocol = HttpProtocol::new(endpoint, &path, format);
    let refuse = |error: PathError| errors.push(&at.field("prefix"), error.to_string());
    let protocol = Protocol::Http(protocol.map_err(refuse).ok()?);
    Some(watched(protocol, format, source, definition))
}

/// The path of the environment.
fn path(
    written: &config::SpringCloudConfigSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let profile = Some(written.profile.as_str());
    let mut path = prefix(written, at, errors);
    for (field, name, may_have_slash) in [
        ("application", Some(written.application.as_str()), true),
        ("profile", profile, false),
        ("label", written.label.as_deref(), true),
    ] {
        let Some(name) = name else {
            continue;
        };
        let segment = environment_segment(name).filter(|_| may_have_slash || !name.contains('/'));
        if segment.is_none() {
            let reason = if may_have_slash {
                "a part between `/` is empty, or may be read as a dot segment"
            } else {
                "must have no `/`, and must not read as a dot segment"
            };
            errors.push(&at.field(field), reason);
        }
        path = path
            .zip(segment)
            .map(|(path, segment)| path + "/" + &segment);
    }
    path
}

fn prefix(
    written: &config::SpringCloudConfigSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let prefix = written.prefix.as_deref().unwrap_or_default();
    if prefix.contains('?') {
        errors.push(&at.field("prefix"), "must have no query");
        return None;
    }
    Some(prefix.trim_end_matches('/').to_owned())
}

/// The endpoint with the credentials in its headers.
fn with_credentials(
    written: &config::SpringCloudConfigSource,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Endpoint {
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    let mut headers = endpoint.headers().to_vec();
    let mut secret = |written: &Option<config::TextOrEnv>, field: &str| match written {
        None => None,
        Some(config::TextOrEnv::Text(secret)) => Some(secret.clone()),
        Some(config::TextOrEnv::Env(name)) => {
            variable(Some(environment), name, &at.field(field), errors)
        }
    };
    let token = secret(&written.token, "token");
    let password = secret(&written.password, "password");
    if let Some((name, password)) = written.username.as_deref().zip(password) {
        if name.contains(':') {
            // RFC 7617 §2.
            errors.push(&at.field("username"), "must have no `:`");
        }
        let pair = [name.as_bytes(), b":", password.expose()].concat();
        let value = [b"Basic ", base64(&pair).as_bytes()].concat();
        headers.push(("authorization".into(), Secret::new(value)));
    }
    headers.extend(token.map(|token| (Text::from(TOKEN), token)));
    endpoint.with_headers(headers)
}

/// Refuses headers that the request has already.
fn refuse_headers(
    written: &config::SpringCloudConfigSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    for header in &written.headers {
        let (is_own, suggestion) = match header.name.as_str() {
            "accept" => (true, "remove it: the environment is read as JSON"),
            "authorization" => (written.username.is_some(), "remove it, or `username`"),
            TOKEN => (written.token.is_some(), "remove it, or `token`"),
            _ => (false, ""),
        };
        if is_own {
            let reason = "the request has this header already";
            errors.suggest(&at.field(&header.name), reason, suggestion);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::policy::{Policy, SourceKind};
    use crate::source::DefinitionHash;

    /// The definition of a source with these fields, or the errors.
    fn compiled(fields: &str) -> Result<(DefinitionHash, String), String> {
        let text = format!(
            r#"{{"sources": {{"s": {{"springCloudConfig": {{"cluster": "c", "application": "a"{fields}}}}}}}}}"#
        );
        let config = Config::parse(text.as_bytes()).unwrap();
        let set = |name: &str| (name == "SET").then(|| "hunter2".to_owned());
        let policy = Policy::compile(&config, &set).map_err(|errors| errors.to_string())?;
        let source = policy.sources.iter().next().unwrap().1;
        let SourceKind::Watched { definition, .. } = source.kind else {
            panic!("it is watched");
        };
        Ok((definition, format!("{source:?}")))
    }

    #[test]
    fn all_that_says_which_document_is_in_the_definition() {
        let variants = [
            "",
            r#", "profile": "p""#,
            r#", "label": "l""#,
            r#", "profile": "p", "label": "l""#,
            r#", "prefix": "/x""#,
            r#", "username": "u", "password": "p""#,
            r#", "username": "u", "password": "q""#,
            r#", "username": "v", "password": "p""#,
            r#", "token": "p""#,
            r#", "token": "q""#,
            r#", "authority": "d""#,
            r#", "headers": {"x-a": "b"}"#,
        ];
        let hashes = variants.map(|fields| compiled(fields).unwrap().0);
        for (at, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..at].contains(hash), "{}", variants[at]);
        }
        for same in [
            r#", "profile": "default""#,
            r#", "prefix": "/""#,
            r#", "timeout": "9s""#,
        ] {
            assert_eq!(compiled(same).unwrap().0, hashes[0], "{same}");
        }
    }

    #[test]
    fn credentials_come_from_the_environment_and_do_not_print() {
        let with = |name: &str| {
            compiled(&format!(
                r#", "username": "u", "password": {{"env": "{name}"}}, "token": {{"env": "{name}"}}"#
            ))
        };
        let (definition, shown) = with("SET").unwrap();
        assert!(
            !shown.contains("hunter2") && !shown.contains("Basic"),
            "{shown}"
        );
        let written = r#", "username": "u", "password": "hunter2", "token": "hunter2""#;
        assert_eq!(compiled(written).unwrap().0, definition);
        let errors = with("UNSET").unwrap_err();
        for field in ["password", "token"] {
            let place = format!("sources.s.springCloudConfig.{field}");
            assert!(errors.contains(&place), "{errors}");
        }
    }
}
