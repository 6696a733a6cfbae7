//! Files, as the verbs read them.

use std::borrow::Cow;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use postern::config::{Config, Record as _};

use crate::plain::{self, Json, Trees};
use crate::tree::Tree;
use crate::verb::Failure;
use crate::yaml::Unreadable;
use crate::{json, yaml};

/// A file's text, without the mark of its byte order; `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let read = if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        fs::read_to_string(path)
    };
    let mut text = read.map_err(|error| Failure(format!("{}: {error}", path.display())))?;
    let mark = text.len().saturating_sub(unmarked(&text).len());
    text.drain(..mark);
    Ok(text)
}

/// The documents of a file of YAML or JSON.
pub(crate) fn documents(text: &str) -> Result<Vec<Tree<'_>>, Unreadable> {
    let text = unmarked(text);
    // YAML knows no pairs of escapes for one character, and takes longer.
    if text.trim_start().starts_with(['{', '[']) {
        if let Ok(tree) = json::read(text) {
            return Ok(vec![tree]);
        }
    }
    let mut trees = Trees::new(text);
    match plain::read(text, &mut trees) {
        Some(()) => Ok(trees.documents()),
        None => yaml::read(text),
    }
}

/// A file that begins as a policy does and holds nothing around it: what the filter would read of it. That takes no tree,
/// so no place is known; nothing where it can't be had without one. If it can be read, it is a policy and nothing else.
pub(crate) fn alone(text: &str) -> Option<Cow<'_, str>> {
    let text = unmarked(text);
    let begins = |key: &str| Config::FIELDS.iter().any(|field| field.name == key);
    if let Some(inner) = text.trim_start().strip_prefix('{') {
        let key = inner.trim_start().strip_prefix('"')?.split('"').next()?;
        return begins(key).then_some(text.into());
    }
    let mut lines = text.lines();
    let first = lines.find(|line| !line.is_empty() && *line != "---" && !line.starts_with('#'))?;
    if !begins(first.split(':').next()?) {
        return None;
    }
    let mut json = Json::with_capacity(text.len());
    plain::read(text, &mut json)?;
    json.one().map(Cow::Owned)
}

/// Without the mark of the byte order.
fn unmarked(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_that_stands_alone() {
        for text in [
            "# c\n\n---\nroutes: [] # c\n",
            "\u{feff}routes:\n- name: a\n",
            " {\n\"routes\": []}",
        ] {
            let read = alone(text).unwrap();
            let trees = documents(text).unwrap();
            let [read, tree] = [&*read, &*trees[0].to_json()]
                .map(|json| serde_json::from_str::<serde_json::Value>(json).unwrap());
            assert_eq!(read, tree, "{text}");
        }
        for text in [
            "",
            "kind: WasmPlugin\nroutes: []\n",
            "{\"kind\": 1}",
            "{routes: []}",
            "routes: []\n---\nroutes: []\n",
            "routes: &a []\n",
            "- routes\n",
        ] {
            assert_eq!(alone(text), None, "{text}");
        }
    }
}
