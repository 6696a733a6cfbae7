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
    let is_word =
        |byte: u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-_.".contains(&byte);
    let has = |name: &[u8]| {
        let mut words = source.as_bytes().split(|byte| !is_word(*byte));
        words.any(|word| is_of(word, name))
    };
    let mut own = application.as_bytes().split(|byte| b",/".contains(byte));
    !has(SHARED) || own.any(|name| !name.is_empty() && has(name))
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
}
