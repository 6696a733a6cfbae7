//! Compiles a source in Spring Cloud Config.

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Endpoint, Text};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, variable};
use crate::source::{
    ContentFormat, Format, HttpProtocol, PathError, Protocol, SpringKey, SpringProtocol,
    environment_segment, file_segments,
};

use super::format::content_format;
use super::http::basic_credentials;
use super::{SourceKind, fetched};

/// The header field of the token that a server passes on to its Vault.
const TOKEN: &str = "x-config-token";

/// What stands in the path for the key of an entry, encoded as a name is.
const ENCODED_KEY: &str = "%24%7Bkey%7D";

/// Compiles a document, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    written: &config::SpringCloudConfigSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    let by_key = source.on_demand.is_some();
    refuse_headers(written, &at.field("headers"), errors);
    if by_key && written.merged {
        let reason = "does not go with `onDemand`: an application that the server doesn't know has what all applications share";
        errors.suggest(&at.field("merged"), reason, "leave `merged` out");
    }
    let path = path(written, by_key, at, errors);
    let format = format(written, at, errors);
    let endpoint = with_credentials(written, environment, at, errors);
    let (path, format) = path.zip(format)?;
    definition.add(b"springCloudConfig");
    definition.add(path.as_bytes());
    definition.endpoint(&endpoint);
    let (key, field) = key(written);
    let refuse = |error: PathError| {
        // The names are encoded: only the prefix can be wrong in another way.
        let field = if error == PathError::RepeatedKey {
            field
        } else {
            "prefix"
        };
        errors.push(&at.field(field), error.to_string());
    };
    let protocol = if by_key {
        let http = HttpProtocol::entries(endpoint, &path, format);
        let http = http.map_err(refuse).ok()?;
        Protocol::Spring(SpringProtocol::new(http, key))
    } else {
        let http = HttpProtocol::new(endpoint, &path, format);
        Protocol::Http(http.map_err(refuse).ok()?)
    };
    Some(fetched(protocol, format, source, definition))
}

/// Where the key of an entry stands, and the field.
fn key(written: &config::SpringCloudConfigSource) -> (SpringKey, &'static str) {
    let holds = |name: &Option<String>| name.as_ref().is_some_and(|name| name.contains("${key}"));
    if written.application == "${key}" {
        (SpringKey::Application, "application")
    } else if holds(&written.file) {
        (SpringKey::File, "file")
    } else if holds(&written.label) {
        (SpringKey::Name, "label")
    } else {
        (SpringKey::Name, "application")
    }
}

/// How the document is read.
fn format(
    written: &config::SpringCloudConfigSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Format> {
    let Some(file) = &written.file else {
        return Some(if written.merged {
            Format::SpringMerged
        } else if written.application.contains("${key}") {
            Format::SpringEntry
        } else {
            Format::SpringEnvironment
        });
    };
    let format = written.format.map(content_format);
    let format = format.or_else(|| ContentFormat::of_extension(file));
    if format.is_none() {
        let reason = "the extension tells no format";
        errors.suggest(&at.field("file"), reason, "add `format`");
    }
    format.map(Format::Content)
}

/// The path of the document.
fn path(
    written: &config::SpringCloudConfigSource,
    by_key: bool,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let mut segment = |field: &str, name: &str, encode: fn(&str) -> Option<String>| {
        let segment = encode(name).map(|name| format!("/{name}"));
        let segment = segment.map(|name| match by_key {
            true => name.replace(ENCODED_KEY, "${key}"),
            false => name,
        });
        if segment.is_none() {
            let reason = "a part between `/` is empty, or may be read as a dot segment";
            errors.push(&at.field(field), reason);
        }
        segment
    };
    let none = Some(String::new());
    let application = segment("application", &written.application, environment_segment);
    let label = written.label.as_deref();
    let label = label.map_or(none.clone(), |label| {
        segment("label", label, environment_segment)
    });
    let file = written.file.as_deref();
    let file = file.map_or(none, |file| segment("file", file, file_segments));
    let prefix = prefix(written, at, errors);
    let profile = profile(written, at, errors);
    let (prefix, application, profile) = (prefix?, application?, profile?);
    let (label, file) = (label?, file?);
    Some(if written.merged {
        format!("{prefix}{label}{application}-{profile}.json")
    } else if label.is_empty() && !file.is_empty() {
        format!("{prefix}{application}/{profile}{file}?useDefaultLabel")
    } else {
        format!("{prefix}{application}/{profile}{label}{file}")
    })
}

/// The profile as a part of the path.
fn profile(
    written: &config::SpringCloudConfigSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let name = written.profile.as_str();
    let at = at.field("profile");
    if written.merged && name.contains('-') {
        let reason = "must have no `-` with `merged`: the server reads what stands before it as a part of the application";
        errors.suggest(&at, reason, "leave `merged` out");
        return None;
    }
    let is_fit = !name.contains('/') && !name.contains("${key}");
    let segment = environment_segment(name).filter(|_| is_fit);
    if segment.is_none() {
        let reason = "must have no `/` and no `${key}`, and must not read as a dot segment";
        errors.push(&at, reason);
    }
    segment
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
        let basic = basic_credentials(name, &password, &at.field("username"), errors);
        headers.extend(basic.map(|value| ("authorization".into(), value)));
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
    for header in &written.service.headers {
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
