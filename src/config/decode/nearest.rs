//! Suggestions for unknown names.

use strsim::generic_levenshtein;

/// The known name with the smallest edit distance to `written`, if that is at most 3 and at most
/// a third of its length, rounded up.
pub(crate) fn nearest<'n>(written: &str, known: &[&'n str]) -> Option<&'n str> {
    // A longer name is pasted text. The cost grows with the square of the length.
    if written.len() > 64 {
        return None;
    }
    let allowed = written.chars().count().div_ceil(3).min(3);
    known
        .iter()
        .map(|name| {
            let distance = generic_levenshtein(&fold(written), &fold(name));
            (distance, *name)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// A name without `_`, `-` and capitals: `max_bytes`, `max-bytes` and `MaxBytes` are one name.
pub(in crate::config) fn fold(name: &str) -> Vec<char> {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// The names as a list in a sentence, with `word` before the last one: `a`, `b` and `c`.
pub(crate) fn listed(names: &[&str], word: &str) -> String {
    let mut text = String::new();
    for (at, name) in names.iter().enumerate() {
        if at > 0 {
            let last = at.saturating_add(1) == names.len();
            text.push_str(if last { " " } else { ", " });
            if last {
                text.push_str(word);
                text.push(' ');
            }
        }
        text.push('`');
        text.push_str(name);
        text.push('`');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_known_name() {
        let known = ["maxBytes", "timeout", "path", "headers"];
        for (written, expected) in [
            ("max_bytes", Some("maxBytes")),
            ("MaxBytes", Some("maxBytes")),
            ("header", Some("headers")),
            ("timout", Some("timeout")),
            ("pth", Some("path")),
            ("cluster", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, &known), expected, "{written}");
        }
        assert_eq!(nearest(&"path".repeat(1000), &known), None);
    }
}
