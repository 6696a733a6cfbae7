//! Sources of the kind `nacos`.

use std::time::Duration;

use crate::config::{self, ConfigErrors, Path};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::source::{
    ContentFormat, Format, NacosApi, NacosProtocol, NacosServer, PathError, Protocol,
    is_nacos_character,
};

use super::format::content_format;
use super::{SourceKind, fetched};

/// Compiles a watched data ID, or entries on demand.
pub(super) fn compile(
    source: &config::Source,
    written: &config::NacosSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check(source, written, at, errors);
    definition.add(b"nacos");
    definition.add(written.data_id.as_bytes());
    let shared = SharedFields {
        endpoint: written.endpoint(),
        context_path: &written.context_path,
        namespace: written.namespace.as_deref(),
        group: &written.group,
        username: written.username.as_deref(),
        password: written.password.as_ref(),
        access_key: written.access_key.as_ref(),
        secret_key: written.secret_key.as_ref(),
        api_version: written.api_version,
    };
    let server = server(&shared, &mut definition, environment, at, errors)?;
    let server = server.with_long_poll(written.long_poll);
    let data_id = (&*written.data_id, written.format);
    content(source, server, data_id, definition, at, errors)
}

/// The source of this data ID, whose content is in this format.
pub(super) fn content(
    source: &config::Source,
    server: NacosServer,
    (data_id, format): (&str, Option<config::ContentFormat>),
    definition: Definition,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    let format = format.map(content_format);
    let format = format.or_else(|| ContentFormat::of_extension(data_id));
    let protocol = match &source.on_demand {
        None => NacosProtocol::new(server, data_id),
        Some(_) => {
            let protocol = NacosProtocol::entries(server, data_id);
            let refuse = |error: PathError| errors.push(&at.field("dataId"), error.to_string());
            protocol.map_err(refuse).ok()?
        }
    };
    let protocol = Protocol::Nacos(protocol);
    Some(fetched(protocol, Format::Nacos(format), source, definition))
}

/// The fields that the kinds of sources in Nacos share.
pub(super) struct SharedFields<'c> {
    pub(super) endpoint: config::Endpoint<'c>,
    pub(super) context_path: &'c str,
    pub(super) namespace: Option<&'c str>,
    pub(super) group: &'c str,
    pub(super) username: Option<&'c str>,
    pub(super) password: Option<&'c config::TextOrEnv>,
    pub(super) access_key: Option<&'c config::TextOrEnv>,
    pub(super) secret_key: Option<&'c config::TextOrEnv>,
    pub(super) api_version: Option<config::NacosApiVersion>,
}

/// The server that these fields name. It is added to the definition.
pub(super) fn server(
    written: &SharedFields<'_>,
    definition: &mut Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<NacosServer> {
    check_shared(written, at, errors);
    let endpoint = endpoint(written.endpoint, environment, at, errors);
    // Both are names of one namespace.
    let namespace = written.namespace.filter(|name| *name != "public");
    let context = written.context_path.trim_end_matches('/');
    for part in [context, namespace.unwrap_or_default(), written.group] {
        definition.add(part.as_bytes());
    }
    definition.add(format!("{:?}", written.api_version).as_bytes());
    definition.endpoint(&endpoint);
    let api = written.api_version.map(|written| match written {
        config::NacosApiVersion::V1 => NacosApi::V1,
        config::NacosApiVersion::V2 => NacosApi::V2,
        config::NacosApiVersion::V3 => NacosApi::V3,
    });
    let server = NacosServer::new(endpoint, context, namespace, written.group).with_api(api);
    if let Some((name, key)) = written.access_key.zip(written.secret_key) {
        let name = secret(name, environment, &at.field("accessKey"), errors);
        let key = secret(key, environment, &at.field("secretKey"), errors);
        let (name, key) = name.zip(key)?;
        definition.add(b"signed");
        definition.add(name.expose());
        definition.add(key.expose());
        return Some(server.with_keys(&name, &key));
    }
    let Some((name, password)) = written.username.zip(written.password) else {
        return Some(server);
    };
    let password = secret(password, environment, &at.field("password"), errors)?;
    definition.add(name.as_bytes());
    definition.add(password.expose());
    Some(server.with_login(name, &password))
}

/// Refuses a name that Nacos would refuse.
pub(super) fn check_name(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) {
    if !name.bytes().all(is_nacos_character) {
        let reason = "Nacos allows only letters of ASCII, digits and `_`, `.`, `:`, `-`";
        errors.push(at, reason);
    }
}

/// Refuses a data ID whose content is encrypted.
pub(super) fn check_encrypted(data_id: &str, at: &Path<'_>, errors: &mut ConfigErrors) {
    if data_id.starts_with("cipher-") {
        errors.push(at, "contents that Nacos encrypts can't be read");
    }
}

fn check_shared(written: &SharedFields<'_>, at: &Path<'_>, errors: &mut ConfigErrors) {
    check_name(
        written.namespace.unwrap_or_default(),
        &at.field("namespace"),
        errors,
    );
    check_name(written.group, &at.field("group"), errors);
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if !written.context_path.starts_with('/') || !written.context_path.bytes().all(is_allowed) {
        let reason =
            "must begin with `/`, and have only letters, digits and `/`, `-`, `.`, `_`, `~`";
        errors.push(&at.field("contextPath"), reason);
    }
    if written.username.is_some() {
        let suggestion = "remove it: it holds the token of the login";
        refuse_headers(&["accesstoken"], suggestion, written.endpoint, at, errors);
    }
    if written.access_key.is_some() {
        let names = ["spas-accesskey", "timestamp", "spas-signature"];
        let suggestion = "remove it: it holds a part of the signature";
        refuse_headers(&names, suggestion, written.endpoint, at, errors);
    }
}

/// Refuses headers that the protocol writes.
pub(super) fn refuse_headers(
    names: &[&str],
    suggestion: &str,
    written: config::Endpoint<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let at = at.field("headers");
    for header in written.headers {
        if names.contains(&&*header.name) {
            let reason = "the request has this header already";
            errors.suggest(&at.field(&header.name), reason, suggestion);
        }
    }
}

/// Refuses polls that can't work.
pub(super) fn check_long_poll(
    source: &config::Source,
    long_poll: Option<Duration>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    if long_poll.is_some_and(|held| held >= source.stale_for) {
        let reason = "must be shorter than `staleFor`: during a poll nothing is confirmed";
        errors.push(&at.field("longPoll"), reason);
    }
    if long_poll.is_some() && source.on_demand.is_some() {
        errors.push(&at.field("longPoll"), "does not go with `onDemand`");
    }
}

/// Refuses a data ID that the server would refuse. Where the key of an entry may stand is checked with the other kinds.
pub(super) fn check_data_id(data_id: &str, at: &Path<'_>, errors: &mut ConfigErrors) {
    let at = at.field("dataId");
    check_name(&data_id.replace("${key}", ""), &at, errors);
    check_encrypted(data_id, &at, errors);
}

/// Refuses what Nacos would refuse, and what can't work.
fn check(
    source: &config::Source,
    written: &config::NacosSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    check_data_id(&written.data_id, at, errors);
    check_long_poll(source, written.long_poll, at, errors);
    let api = written.api_version;
    if written.long_poll.is_some() && api.is_some_and(|api| api != config::NacosApiVersion::V1) {
        let suggestion = "leave `apiVersion` out, or write `v1`";
        errors.suggest(
            &at.field("longPoll"),
            "only v1 can hold a question",
            suggestion,
        );
    }
}
