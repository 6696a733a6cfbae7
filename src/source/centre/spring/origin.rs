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
