//! Files, as the verbs read them.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::tree::Tree;
use crate::verb::Failure;
use crate::yaml::Unreadable;
use crate::{json, yaml};

/// A file's text; `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let text = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    text.map_err(|error| Failure(format!("{}: {error}", path.display())))
}

/// The documents of a file of YAML or JSON.
pub(crate) fn documents(text: &str) -> Result<Vec<Tree<'_>>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // YAML knows no pairs of escapes for one character, and takes longer.
    if text.trim_start().starts_with(['{', '[']) {
        if let Ok(tree) = json::read(text) {
            return Ok(vec![tree]);
        }
    }
    yaml::read(text)
}
