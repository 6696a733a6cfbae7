//! Sources of the kind `springCloudAlibaba`.

use crate::config::{self, ConfigErrors, Path};
use crate::policy::definition::Definition;
use crate::policy::environment::Environment;
use crate::source::{AlibabaProtocol, ContentFormat, Format, PartFormat, Protocol};

use super::nacos::{SharedFields, check_encrypted, check_name, server};
use super::{SourceKind, fetched};

/// The most profiles: each of them is one more request.
const MOST_PROFILES: usize = 8;

/// Compiles the data IDs of an application.
pub(super) fn compile(
    source: &config::Source,
    written: &config::SpringCloudAlibabaSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check_name(&written.application, &at.field("application"), errors);
    check_encrypted(&written.application, &at.field("application"), errors);
    let profiles = at.field("profiles");
    if written.profiles.len() > MOST_PROFILES {
        errors.push(&profiles, format!("must have {MOST_PROFILES} at most"));
    }
    for (index, profile) in written.profiles.iter().enumerate() {
        check_name(profile, &profiles.index(index), errors);
    }
    let (extension, format) = match written.extension {
        config::AlibabaExtension::Properties => ("properties", ContentFormat::Properties),
        config::AlibabaExtension::Yaml => ("yaml", ContentFormat::Yaml),
        config::AlibabaExtension::Yml => ("yml", ContentFormat::Yaml),
        config::AlibabaExtension::Json => ("json", ContentFormat::Json),
    };
    definition.add(b"springCloudAlibaba");
    definition.add(written.application.as_bytes());
    definition.add(extension.as_bytes());
    definition.add(format!("{:?}", written.profiles).as_bytes());
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
    let protocol = AlibabaProtocol::new(server, &written.application, &written.profiles, extension);
    let format = Format::Parts(PartFormat::Nacos(format));
    Some(fetched(
        Protocol::Alibaba(protocol),
        format,
        source,
        definition,
    ))
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it, and mean the same data IDs.
    #[test]
    fn the_names_and_the_login_are_in_the_definition() {
        let all = [
            r#""application": "a""#,
            r#""application": "b""#,
            r#""application": "a", "extension": "yaml""#,
            r#""application": "a", "extension": "yml""#,
            r#""application": "a", "extension": "json""#,
            r#""application": "a", "profiles": ["p"]"#,
            r#""application": "a", "profiles": ["p", "q"]"#,
            r#""application": "a", "profiles": ["q", "p"]"#,
            r#""application": "a", "namespace": "n""#,
            r#""application": "a", "group": "g""#,
            r#""application": "a", "contextPath": "/""#,
            r#""application": "a", "apiVersion": "v3""#,
            r#""application": "a", "maxBytes": "1Mi""#,
            r#""application": "a", "headers": {"x-a": "b"}"#,
            r#""application": "a", "username": "u", "password": "hunter2""#,
            r#""application": "a", "username": "v", "password": "hunter2""#,
            r#""application": "a", "username": "u", "password": "p""#,
        ];
        let named = r#""application": "a", "username": "u", "password": {"env": "hunter2"}, "timeout": "9s", "namespace": "public""#;
        check_definitions("springCloudAlibaba", &all, (named, 14));
    }
}
