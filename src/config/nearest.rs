//! What somebody may have meant.

/// The known name that is nearest to what was written, where one is near.
pub(super) fn nearest<'n>(written: &str, known: &[&'n str]) -> Option<&'n str> {
    // Longer ones are pasted text, and the cost grows with the square.
    if written.len() > 64 {
        return None;
    }
    let allowed = written.chars().count().div_ceil(3).min(3);
    known
        .iter()
        .map(|name| (distance(&fold(written), &fold(name)), *name))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `max_bytes`, `max-bytes` and `MaxBytes` are `maxBytes`.
pub(super) fn fold(name: &str) -> Vec<char> {
    name.chars()
        .filter(|character| !matches!(character, '_' | '-'))
        .map(|character| character.to_ascii_lowercase())
        .collect()
}

/// Insertions, deletions and replacements between the two (Levenshtein).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (line, from) in left.iter().enumerate() {
        let mut diagonal = line;
        let mut before = line.saturating_add(1);
        for (to, cell) in right.iter().zip(row.iter_mut().skip(1)) {
            let replaced = diagonal.saturating_add(usize::from(from != to));
            diagonal = *cell;
            *cell = replaced.min(diagonal.min(before).saturating_add(1));
            before = *cell;
        }
        if let Some(first) = row.first_mut() {
            *first = line.saturating_add(1);
        }
    }
    row.last().copied().unwrap_or(left.len())
}

/// `a`, `b` and `c`.
pub(super) fn listed(names: &[&str], word: &str) -> String {
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
    fn near_and_far() {
        let known = ["maxBytes", "timeout", "path", "headers"];
        for (written, meant) in [
            ("max_bytes", Some("maxBytes")),
            ("MaxBytes", Some("maxBytes")),
            ("header", Some("headers")),
            ("timout", Some("timeout")),
            ("pth", Some("path")),
            ("cluster", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(nearest(written, &known), meant, "{written}");
        }
        assert_eq!(nearest(&"path".repeat(1000), &known), None);
    }

    #[test]
    fn distances() {
        for (left, right, expected) in [
            ("", "", 0),
            ("a", "", 1),
            ("", "ab", 2),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
        ] {
            assert_eq!(
                distance(&fold(left), &fold(right)),
                expected,
                "{left} {right}"
            );
        }
    }
}
