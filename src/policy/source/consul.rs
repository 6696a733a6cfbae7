//! Sources of the kind `consul`.

use std::time::Duration;

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Endpoint, Text, is_unreserved, percent_encode_into};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::source::{ConsulKeys, ConsulProtocol, Format, PathError, Protocol, file_segments};

use super::format::content_format;
use super::{SourceKind, fetched};

/// The header field of the ACL token.
const TOKEN: &str = "x-consul-token";

/// What stands in the path for the key of an entry, encoded as a name is.
pub(super) const ENCODED_KEY: &str = "%24%7Bkey%7D";

/// Compiles a watched document, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    written: &config::ConsulSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check_wait(source, written.wait, at, errors);
    let shared = (written.endpoint(), written.token.as_ref());
    let endpoint = endpoint_of(shared, environment, at, errors);
    let query = datacenter(written.datacenter.as_deref());
    let (keys, field, name) = match (&written.key, &written.prefix) {
        (Some(key), _) if source.on_demand.is_some() => (ConsulKeys::Each, "key", key),
        (Some(key), _) => (ConsulKeys::One, "key", key),
        (None, prefix) => (ConsulKeys::Below, "prefix", prefix.as_ref()?),
    };
    let at = at.field(field);
    let name = name_in_path(keys, name, &at, errors);
    let (endpoint, name) = endpoint.zip(name)?;
    definition.add(b"consul");
    definition.add(format!("{keys:?} {name}{query}").as_bytes());
    definition.endpoint(&endpoint);
    let protocol = ConsulProtocol::new(endpoint, keys, &name, &query);
    let refuse = |error: PathError| errors.push(&at, error.to_string());
    let mut protocol = protocol.map_err(refuse).ok()?.with_wait(written.wait);
    if let Some(prefix) = &written.prefix {
        protocol = protocol.with_prefix(prefix);
    }
    let format = content_format(written.format);
    let format = match keys {
        ConsulKeys::Below => Format::Pairs(format),
        ConsulKeys::One | ConsulKeys::Each => Format::Content(format),
    };
    let protocol = Protocol::Consul(protocol);
    Some(fetched(protocol, format, source, definition))
}

/// The endpoint with the ACL token in its headers.
pub(super) fn endpoint_of(
    (written, token): (config::Endpoint<'_>, Option<&config::TextOrEnv>),
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Endpoint> {
    let endpoint = endpoint(written, environment, at, errors);
    let Some(token) = token else {
        return Some(endpoint);
    };
    if written.headers.iter().any(|header| header.name == TOKEN) {
        let reason = "the request has this header already";
        let headers = at.field("headers");
        errors.suggest(&headers.field(TOKEN), reason, "remove it, or `token`");
    }
    let token = secret(token, environment, &at.field("token"), errors)?;
    let mut headers = endpoint.headers().to_vec();
    headers.push((Text::from(TOKEN), token));
    Some(endpoint.with_headers(headers))
}

/// What the query of each question says of the datacenter.
pub(super) fn datacenter(name: Option<&str>) -> String {
    let mut query = Vec::new();
    if let Some(name) = name {
        query.extend_from_slice(b"&dc=");
        percent_encode_into(&mut query, name.as_bytes(), is_unreserved);
    }
    String::from_utf8(query).unwrap_or_default()
}

/// Refuses a long poll that can't work.
pub(super) fn check_wait(
    source: &config::Source,
    wait: Option<Duration>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let Some(wait) = wait else {
        return;
    };
    let at = at.field("wait");
    if source.on_demand.is_some() {
        errors.push(&at, "does not go with `onDemand`");
    } else if wait >= source.stale_for {
        let reason = "must be shorter than `staleFor`: during a poll nothing is confirmed";
        errors.push(&at, reason);
    }
}

/// The key or the prefix as a part of the path.
fn name_in_path(
    keys: ConsulKeys,
    written: &str,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    match (keys, written.strip_suffix('/')) {
        (ConsulKeys::Below, None) => {
            let suggestion =
                "or name one `key`; a key that only begins alike is none of the prefix";
            errors.suggest(at, "must end with `/`", suggestion);
            None
        }
        (ConsulKeys::Below, Some(name)) => segments(name, at, errors).map(|name| name + "/"),
        (ConsulKeys::One, _) => segments(written, at, errors),
        (ConsulKeys::Each, _) => {
            segments(written, at, errors).map(|name| name.replace(ENCODED_KEY, "${key}"))
        }
    }
}

/// A name as segments of a path.
pub(super) fn segments(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let encoded = file_segments(name);
    if encoded.is_none() {
        let reason = "a part between `/` is empty, or may be read as a dot segment";
        errors.push(at, reason);
    }
    encoded
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it, and mean the same keys.
    #[test]
    fn the_keys_and_the_token_are_in_the_definition() {
        let all = [
            r#""key": "a""#,
            r#""prefix": "a/""#,
            r#""key": "b""#,
            r#""key": "b", "format": "yaml""#,
            r#""key": "b", "datacenter": "d""#,
            r#""key": "b", "maxBytes": "1Mi""#,
            r#""key": "b", "token": "hunter2""#,
            r#""key": "b", "token": "t""#,
            r#""key": "b", "headers": {"x-a": "b"}"#,
        ];
        let named = r#""key": "b", "token": {"env": "hunter2"}, "timeout": "9s", "wait": "30s""#;
        check_definitions("consul", &all, (named, 6));
    }
}
