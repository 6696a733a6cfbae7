//! Sources of the kind `etcd`.

use crate::config::{self, ConfigErrors, Path};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::source::{EtcdKeys, EtcdProtocol, Format, PathError, Protocol};

use super::format::content_format;
use super::{SourceKind, fetched};

/// Compiles a document of etcd, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    etcd: &config::EtcdSource,
    mut definition: Definition,
    environment: &dyn Environment,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    let endpoint = endpoint(etcd.endpoint(), environment, path, errors);
    definition.add(b"etcd");
    let keys = match (&etcd.key, &etcd.prefix) {
        (Some(key), _) if source.on_demand.is_some() => EtcdKeys::Each(key),
        (Some(key), _) => EtcdKeys::One(key),
        (None, Some(prefix)) if prefix.ends_with('/') => EtcdKeys::Below(prefix),
        (None, prefix) => {
            let suggestion =
                "or name one `key`; a key that only begins alike is none of the prefix";
            let at = path.field("prefix");
            if prefix.is_some() {
                errors.suggest(&at, "must end with `/`", suggestion);
            }
            return None;
        }
    };
    definition.add(format!("{keys:?}").as_bytes());
    let login = match (&etcd.username, &etcd.password) {
        (Some(name), Some(password)) => {
            refuse_authorization(etcd, path, errors);
            let password = secret(password, environment, &path.field("password"), errors)?;
            definition.add(name.as_bytes());
            definition.add(password.expose());
            Some((name, password))
        }
        _ => None,
    };
    definition.endpoint(&endpoint);
    let login = login.as_ref();
    let login = login.map(|(name, password)| (name.as_str(), password));
    let protocol = EtcdProtocol::new(endpoint, keys, login);
    let refuse = |error: PathError| errors.push(&path.field("key"), error.to_string());
    let protocol = Protocol::Etcd(protocol.map_err(refuse).ok()?);
    let format = Format::Pairs(content_format(etcd.format));
    Some(fetched(protocol, format, source, definition))
}

/// Refuses a header in which the token of the login is sent.
fn refuse_authorization(etcd: &config::EtcdSource, path: &Path<'_>, errors: &mut ConfigErrors) {
    let path = path.field("headers");
    for header in &etcd.service.headers {
        if header.name == "authorization" {
            let reason = "the request has this header already";
            let suggestion = "remove it: it holds the token of the login";
            errors.suggest(&path.field(&header.name), reason, suggestion);
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it.
    #[test]
    fn the_keys_and_the_login_are_in_the_definition() {
        let all = [
            r#""key": "/a/""#,
            r#""prefix": "/a/""#,
            r#""key": "/b""#,
            r#""key": "/b", "maxBytes": "1Mi""#,
            r#""key": "/b", "username": "u", "password": "hunter2""#,
            r#""key": "/b", "username": "v", "password": "hunter2""#,
            r#""key": "/b", "username": "u", "password": "p""#,
        ];
        let named =
            r#""key": "/b", "username": "u", "password": {"env": "hunter2"}, "timeout": "9s""#;
        check_definitions("etcd", &all, (named, 4));
    }
}
