//! Sources of the kind `nacos`.

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
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    // Both are names of one namespace.
    let namespace = written
        .namespace
        .as_deref()
        .filter(|name| *name != "public");
    let context = written.context_path.trim_end_matches('/');
    definition.add(b"nacos");
    for part in [
        context,
        namespace.unwrap_or_default(),
        &written.group,
        &written.data_id,
    ] {
        definition.add(part.as_bytes());
    }
    definition.add(format!("{:?}", written.api_version).as_bytes());
    definition.endpoint(&endpoint);
    let api = written.api_version.map(|written| match written {
        config::NacosApiVersion::V1 => NacosApi::V1,
        config::NacosApiVersion::V2 => NacosApi::V2,
        config::NacosApiVersion::V3 => NacosApi::V3,
    });
    let mut server = NacosServer::new(endpoint, context, namespace, &written.group)
        .with_api(api)
        .with_long_poll(written.long_poll);
    if let (Some(name), Some(password)) = (&written.username, &written.password) {
        let password = secret(password, environment, &at.field("password"), errors)?;
        definition.add(name.as_bytes());
        definition.add(password.expose());
        server = server.with_login(name, &password);
    }
    let format = written.format.map(content_format);
    let format = format.or_else(|| ContentFormat::of_extension(&written.data_id));
    let protocol = match &source.on_demand {
        None => NacosProtocol::new(server, &written.data_id),
        Some(_) => {
            let protocol = NacosProtocol::entries(server, &written.data_id);
            let refuse = |error: PathError| errors.push(&at.field("dataId"), error.to_string());
            protocol.map_err(refuse).ok()?
        }
    };
    let protocol = Protocol::Nacos(protocol);
    Some(fetched(protocol, Format::Nacos(format), source, definition))
}

/// Refuses what Nacos would refuse, and what can't work.
fn check(
    source: &config::Source,
    written: &config::NacosSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    // Where the key of an entry may stand is checked with the other kinds.
    let data_id = written.data_id.replace("${key}", "");
    for (field, name) in [
        (
            "namespace",
            written.namespace.as_deref().unwrap_or_default(),
        ),
        ("group", written.group.as_str()),
        ("dataId", data_id.as_str()),
    ] {
        if !name.bytes().all(is_nacos_character) {
            let reason = "Nacos allows only letters of ASCII, digits and `_`, `.`, `:`, `-`";
            errors.push(&at.field(field), reason);
        }
    }
    if written.data_id.starts_with("cipher-") {
        let reason = "contents that Nacos encrypts can't be read";
        errors.push(&at.field("dataId"), reason);
    }
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte);
    if !written.context_path.starts_with('/') || !written.context_path.bytes().all(is_allowed) {
        let reason =
            "must begin with `/`, and have only letters, digits and `/`, `-`, `.`, `_`, `~`";
        errors.push(&at.field("contextPath"), reason);
    }
    if written
        .long_poll
        .is_some_and(|held| held >= source.stale_for)
    {
        let reason = "must be shorter than `staleFor`: during a poll nothing is confirmed";
        errors.push(&at.field("longPoll"), reason);
    }
    if written.long_poll.is_some() && source.on_demand.is_some() {
        errors.push(&at.field("longPoll"), "does not go with `onDemand`");
    }
    let api = written.api_version;
    if written.long_poll.is_some() && api.is_some_and(|api| api != config::NacosApiVersion::V1) {
        let suggestion = "leave `apiVersion` out, or write `v1`";
        errors.suggest(
            &at.field("longPoll"),
            "only v1 can hold a question",
            suggestion,
        );
    }
    let headers = at.field("headers");
    for header in written
        .headers
        .iter()
        .filter(|_| written.username.is_some())
    {
        if header.name == "accesstoken" {
            let reason = "the request has this header already";
            let suggestion = "remove it: it holds the token of the login";
            errors.suggest(&headers.field(&header.name), reason, suggestion);
        }
    }
}
