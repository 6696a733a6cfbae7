//! Files, as the verbs read them.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use postern::config::{Config, Record as _};

use crate::verb::Failure;

/// A file's text without a byte order mark. `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
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

/// Whether a text is JSON that begins as a policy does. If the filter's decoder reads such a text, it is a policy without
/// anything around it, and needs no second reader, which would take as long.
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
