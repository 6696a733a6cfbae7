//! Input files.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use postern::config::{Config, Record as _};

use crate::exit::Failure;

/// Reads a file as text, without a byte order mark. `-` is standard input.
pub(crate) fn read_text(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let mut text = read.map_err(|error| Failure(format!("{}: {error}", path.display())))?;
    if text.starts_with('\u{feff}') {
        text.remove(0);
    }
    Ok(text)
}

/// Whether a text is JSON and its first key is a field of a policy. If the filter's decoder reads such a text, it is a policy
/// with nothing around it. Then no positions are needed, and reading them takes as long as everything else.
pub(crate) fn begins_as_json_policy(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix('{');
    let quoted = inner.and_then(|inner| inner.trim_start().strip_prefix('"'));
    let key = quoted.and_then(|quoted| quoted.split('"').next());
    key.is_some_and(|key| Config::FIELDS.iter().any(|field| field.name == key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognises_a_json_policy_by_its_first_key() {
        assert!(begins_as_json_policy(" {\n\"routes\": []}"));
        for text in ["", "routes: []", "{routes: []}", "{\"kind\": 1}", "[]"] {
            assert!(!begins_as_json_policy(text), "{text}");
        }
    }
}
