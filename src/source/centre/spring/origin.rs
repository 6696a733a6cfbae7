//! Whose properties a property source has.

/// The name of the files that all applications share.
const SHARED: &[u8] = b"application";

/// The property source that holds what the server's own settings say for all applications.
const OVERRIDES: &str = "overrides";

/// Whether a property source may be of this application, and not only of all. The server answers for an unknown application
/// too, with what all applications share.
///
/// Servers put a file's address into the source's name, or a path in their store. A source is shared if a word of its name
/// is `application`, with a profile and an extension or without, and no word is the application's own name: a repository or a
/// directory of the application may have an `application.yml` too.
pub(super) fn is_own(source: &str, application: &str) -> bool {
    if source == OVERRIDES {
        return false;
    }
    let has = |name: &[u8]| words(source).any(|word| is_of(word, name));
    let mut own = application.as_bytes().split(|byte| b",/".contains(byte));
    !has(SHARED) || own.any(|name| !name.is_empty() && has(name))
}

/// The same where a request chose the application's name. It may be any word of the name of a shared source, such as `file`. So
/// the file itself has to have the application's name: a repository, a directory or a profile of that name is not enough.
pub(super) fn is_own_by_key(source: &str, application: &str) -> bool {
    // What the server says behind the address of the file.
    let end = source
        .find("' via ")
        .or_else(|| source.rfind(" (document #"));
    let source = end.and_then(|end| source.get(..end)).unwrap_or(source);
    // Stores write a profile behind the name: `vault:application,prod`.
    let is_shared = |word: &[u8]| {
        let rest = word.strip_prefix(SHARED);
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'.')))
    };
    if !is_own(source, application) || words(source).any(is_shared) {
        return false;
    }
    let of_own = |word: &[u8]| {
        let mut own = application.as_bytes().split(|byte| b",/".contains(byte));
        own.any(|name| !name.is_empty() && is_of(word, name))
    };
    let named = words(source).filter(|word| is_of(word, SHARED) || of_own(word));
    named.last().is_none_or(|word| !is_of(word, SHARED))
}

fn words(source: &str) -> impl Iterator<Item = &[u8]> {
    let is_word =
        |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_.".contains(&byte);
    let words = source.as_bytes().split(move |byte| !is_word(*byte));
    words.filter(|word| !word.is_empty())
}

/// Whether a word is this name, perhaps with more behind a `-` or a `.`.
fn is_of(word: &[u8], name: &[u8]) -> bool {
    let rest = word.strip_prefix(name);
    rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'-' | b'.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn property_sources_of_an_application() {
        for (source, application, expected) in [
            ("file:/DATA/native/gateway-prod.yml", "gateway", true),
            (
                "file:/DATA/native/gateway.yml (document #1)",
                "gateway",
                true,
            ),
            ("file:/DATA/native/application.yml", "gateway", false),
            (
                "file:/DATA/native/application-prod.yml (document #0)",
                "gateway",
                false,
            ),
            (
                "https://git.test/config.git/application.yml",
                "gateway",
                false,
            ),
            ("https://git.test/gateway/application.yml", "gateway", true),
            (
                "https://git.test/gateway.git/application-prod.yml",
                "gateway",
                true,
            ),
            (
                "https://git.test/application-config/application.yml",
                "gateway",
                false,
            ),
            (
                "https://git.test/application-config/gateway.yml",
                "gateway",
                true,
            ),
            (
                "Config resource 'file [/DATA/application.yml]' via location 'file:/DATA/'",
                "gateway",
                false,
            ),
            ("file:/DATA/team/gateway.yml", "team/gateway", true),
            ("vault:gateway", "gateway", true),
            ("vault:application", "gateway", false),
            ("application-default", "gateway", false),
            ("overrides", "gateway", false),
            ("mongo", "gateway", true),
            ("file:/DATA/b.yml", "a,b", true),
            ("file:/DATA/application.yml", "a,b", false),
            ("file:/DATA/application.yml", "application", true),
            ("file:/DATA/application.yml", "", false),
            ("file:/DATA/applications.yml", "gateway", true),
        ] {
            assert_eq!(
                is_own(source, application),
                expected,
                "{source} {application}"
            );
        }
    }
    #[test]
    fn property_sources_of_an_application_that_a_request_names() {
        let git = "https://git.test/config.git/application.yml";
        let config_data =
            "Config resource 'file [/DATA/application.yml]' via location 'file:/DATA/'";
        for (source, application, expected) in [
            ("file:/DATA/native/acme-prod.yml", "acme", true),
            ("file:/DATA/native/acme.yml (document #1)", "acme", true),
            ("file:/DATA/team/acme.yml", "team/acme", true),
            ("https://git.test/application-config/acme.yml", "acme", true),
            (
                "Config resource 'file [/DATA/acme.yml]' via location 'file:/DATA/'",
                "acme",
                true,
            ),
            ("vault:acme", "acme", true),
            ("mongo", "acme", true),
            ("file:/DATA/native/application.yml", "acme", false),
            ("file:/DATA/native/application.yml", "file", false),
            ("file:/DATA/native/application.yml", "DATA", false),
            ("file:/DATA/native/application.yml", "native/DATA", false),
            ("file:/DATA/application.yml", "application.yml", false),
            (
                "file:/DATA/application.yml (document #0)",
                "document",
                false,
            ),
            (git, "https", false),
            (git, "git", false),
            (git, "git.test", false),
            (git, "config", false),
            (config_data, "Config", false),
            (config_data, "location", false),
            (config_data, "file", false),
            ("vault:application", "vault", false),
            ("vault:acme,prod", "acme", true),
            ("vault:application,prod", "prod", false),
            (
                "aws:ssm:parameter:/config/application/default/",
                "default",
                false,
            ),
            (
                "aws:ssm:parameter:/config/application-prod/",
                "config",
                false,
            ),
            ("overrides", "overrides", false),
        ] {
            let is_own = is_own_by_key(source, application);
            assert_eq!(is_own, expected, "{source} {application}");
        }
    }
}
