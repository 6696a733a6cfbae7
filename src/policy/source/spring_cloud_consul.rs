//! Sources of the kind `springCloudConsul`.

use crate::config::{self, ConfigErrors, Path, SpringConsulFormat};
use crate::policy::definition::Definition;
use crate::policy::environment::Environment;
use crate::source::{
    ContentFormat, Format, PartFormat, Protocol, SpringConsulForm, SpringConsulProtocol,
};

use super::consul::{check_wait, datacenter, endpoint_of, segments};
use super::{SourceKind, fetched};

/// The most keys or folders: each of them is one request.
const MOST: usize = 18;

/// Compiles the keys or folders of an application.
pub(super) fn compile(
    source: &config::Source,
    written: &config::SpringCloudConsulSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<SourceKind> {
    check_wait(source, written.wait, at, errors);
    let shared = (written.endpoint(), written.token.as_ref());
    let endpoint = endpoint_of(shared, environment, at, errors);
    let names = names(written, at, errors);
    let prefix = encoded(
        written.prefix.trim_matches('/'),
        &at.field("prefix"),
        errors,
    );
    let ((endpoint, names), prefix) = endpoint.zip(names).zip(prefix)?;
    let query = datacenter(written.datacenter.as_deref());
    let (form, format) = match written.format {
        SpringConsulFormat::KeyValue => (SpringConsulForm::Folders, PartFormat::Pairs),
        SpringConsulFormat::Yaml => {
            let format = PartFormat::File(ContentFormat::Yaml);
            (SpringConsulForm::Files, format)
        }
        SpringConsulFormat::Properties => {
            let format = PartFormat::File(ContentFormat::Properties);
            (SpringConsulForm::Files, format)
        }
        SpringConsulFormat::Files => (SpringConsulForm::Files, PartFormat::Named),
    };
    definition.add(b"springCloudConsul");
    definition.add(format!("{names:?} {query}").as_bytes());
    definition.endpoint(&endpoint);
    let protocol = SpringConsulProtocol::new(endpoint, form, names, &query);
    let protocol = Protocol::SpringConsul(protocol.with_wait(&prefix, written.wait));
    Some(fetched(protocol, Format::Parts(format), source, definition))
}

/// The keys or folders, in the order in which Spring reads them: those of all applications first, because they count least.
fn names(
    written: &config::SpringCloudConsulSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Box<str>>> {
    let is_files = written.format == SpringConsulFormat::Files;
    let data_key = ["/", written.data_key.as_str()].concat();
    let endings: &[&str] = match written.format {
        SpringConsulFormat::Files => &[".yml", ".yaml", ".properties"],
        SpringConsulFormat::KeyValue => &["/"],
        SpringConsulFormat::Yaml | SpringConsulFormat::Properties => &[&data_key],
    };
    let separator = written.profile_separator.as_deref();
    let separator = separator.unwrap_or(if is_files { "-" } else { "," });
    let prefix = written.prefix.trim_matches('/');
    let mut names: Vec<Box<str>> = Vec::new();
    let contexts = [
        ("defaultContext", &written.default_context),
        ("application", &written.application),
    ];
    for (field, context) in contexts {
        let at = at.field(field);
        for ending in endings {
            let name = format!("{prefix}/{context}{ending}");
            names.push(encoded(&name, &at, errors)?);
        }
        for ending in endings {
            for profile in &written.profiles {
                let name = format!("{prefix}/{context}{separator}{profile}{ending}");
                names.push(encoded(&name, &at, errors)?);
            }
        }
    }
    if names.len() > MOST {
        let most = if is_files { 2 } else { 8 };
        errors.push(&at.field("profiles"), format!("must have {most} at most"));
    }
    Some(names)
}

/// The name of a key or of a folder as segments of a path.
fn encoded(name: &str, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<Box<str>> {
    let folder = name.strip_suffix('/');
    let end = if folder.is_some() { "/" } else { "" };
    Some((segments(folder.unwrap_or(name), at, errors)? + end).into())
}

#[cfg(test)]
mod tests {
    use crate::policy::source::tests::check_definitions;

    /// Two policies share a document only if both may read it, and mean the same keys.
    #[test]
    fn the_names_and_the_token_are_in_the_definition() {
        let all = [
            r#""application": "a""#,
            r#""application": "b""#,
            r#""application": "a", "prefix": "p""#,
            r#""application": "a", "defaultContext": "p""#,
            r#""application": "a", "format": "yaml""#,
            r#""application": "a", "format": "properties""#,
            r#""application": "a", "format": "files""#,
            r#""application": "a", "format": "yaml", "dataKey": "d""#,
            r#""application": "a", "profiles": ["p"]"#,
            r#""application": "a", "profiles": ["p", "q"]"#,
            r#""application": "a", "profiles": ["q", "p"]"#,
            r#""application": "a", "profiles": ["p"], "profileSeparator": "::""#,
            r#""application": "a", "datacenter": "d""#,
            r#""application": "a", "maxBytes": "1Mi""#,
            r#""application": "a", "token": "t""#,
            r#""application": "a", "token": "hunter2""#,
        ];
        let named = r#""application": "a", "token": {"env": "hunter2"}, "timeout": "9s", "wait": "30s", "prefix": "/config/""#;
        check_definitions("springCloudConsul", &all, (named, 15));
    }
}
