//! Sources of the kind `apollo`.

use crate::config::{self, ConfigErrors, Path};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::source::{
    ApolloNamespace, ApolloProtocol, ContentFormat, Format, Protocol, is_apollo_character,
};

use super::format::content_format;
use super::nacos::{check_long_poll, refuse_headers};
use super::{SourceKind, fetched};

/// Compiles a namespace.
pub(super) fn compile(
    source: &config::Source,
    written: &config::ApolloSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check_long_poll(source, written.long_poll, at, errors);
    definition.add(b"apollo");
    for (field, name) in [
        ("appId", &written.app_id),
        ("clusterName", &written.cluster_name),
        ("namespace", &written.namespace),
    ] {
        let is_dots = name.bytes().all(|byte| byte == b'.');
        if is_dots || !name.bytes().all(is_apollo_character) {
            let reason = "Apollo allows only letters of ASCII, digits and `_`, `.`, `-`";
            errors.push(&at.field(field), reason);
        }
        definition.add(name.as_bytes());
    }
    definition.add(format!("{:?} {:?}", written.ip, written.label).as_bytes());
    let secret = match &written.access_key {
        Some(key) => {
            let names = ["authorization", "timestamp"];
            let suggestion = "remove it: it holds a part of the signature";
            refuse_headers(&names, suggestion, written.endpoint(), at, errors);
            let key = secret(key, environment, &at.field("accessKey"), errors)?;
            definition.add(key.expose());
            Some(key)
        }
        None => None,
    };
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    definition.endpoint(&endpoint);
    let format = format(written, at, errors);
    let named = ApolloNamespace {
        app_id: &written.app_id,
        cluster: &written.cluster_name,
        namespace: &written.namespace,
        ip: written.ip.as_deref(),
        label: written.label.as_deref(),
    };
    let protocol = ApolloProtocol::new(endpoint, &named);
    let protocol = protocol.with_secret(secret);
    let protocol = Protocol::Apollo(protocol.with_long_poll(written.long_poll));
    Some(fetched(
        protocol,
        Format::Apollo(format),
        source,
        definition,
    ))
}

/// The format of a namespace: its extension says it. Without one it is a list of properties.
fn format(
    written: &config::ApolloSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> ContentFormat {
    let of_extension = ContentFormat::of_extension(&written.namespace);
    let of_extension = if written.namespace.ends_with(".xml") {
        ContentFormat::Text
    } else {
        of_extension.unwrap_or(ContentFormat::Properties)
    };
    let chosen = written.format.map_or(of_extension, content_format);
    let is_list = |format| format == ContentFormat::Properties;
    if is_list(chosen) != is_list(of_extension) {
        let reason = "does not go with this namespace: only one with an extension such as `.json` holds a file";
        errors.push(&at.field("format"), reason);
    }
    chosen
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it, and mean the same one.
    #[test]
    fn names_and_keys_are_in_the_definition() {
        let all = [
            r#""appId": "a""#,
            r#""appId": "b""#,
            r#""appId": "a", "clusterName": "x""#,
            r#""appId": "a", "namespace": "x""#,
            r#""appId": "a", "namespace": "x.json""#,
            r#""appId": "a", "namespace": "x.json", "format": "yaml""#,
            r#""appId": "a", "ip": "x""#,
            r#""appId": "a", "label": "x""#,
            r#""appId": "a", "maxBytes": "1Mi""#,
            r#""appId": "a", "headers": {"x-a": "b"}"#,
            r#""appId": "a", "accessKey": "hunter2""#,
            r#""appId": "a", "accessKey": "hunter3""#,
        ];
        let same = r#""appId": "a", "accessKey": {"env": "hunter2"}, "timeout": "9s", "longPoll": "60s", "clusterName": "default", "namespace": "application""#;
        check_definitions("apollo", &all, (same, 10));
    }

    #[test]
    fn names_and_keys_of_acm_are_in_the_definition() {
        let all = [
            r#""dataId": "a", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "accessKey": "hunter2", "secretKey": "hunter1""#,
            r#""dataId": "a", "accessKey": "hunter1", "secretKey": "hunter3""#,
            r#""dataId": "b", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "namespace": "n", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "group": "n", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "format": "yaml", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "endpoint": {"cluster": "e"}, "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "endpoint": {"cluster": "f"}, "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "endpoint": {"cluster": "e", "authority": "f"}, "accessKey": "hunter1", "secretKey": "hunter2""#,
        ];
        let same = r#""dataId": "a", "accessKey": {"env": "hunter1"}, "secretKey": {"env": "hunter2"}, "timeout": "9s", "longPoll": "20s", "group": "DEFAULT_GROUP""#;
        check_definitions("acm", &all, (same, 0));
        let all = [
            r#""dataId": "a""#,
            r#""dataId": "a", "accessKey": "hunter1", "secretKey": "hunter2""#,
            r#""dataId": "a", "username": "hunter1", "password": "hunter2""#,
        ];
        let same =
            r#""dataId": "a", "accessKey": {"env": "hunter1"}, "secretKey": {"env": "hunter2"}"#;
        check_definitions("nacos", &all, (same, 1));
    }
}
