//! Text of one line: names, hosts, header values.

use crate::config::decode::node::Node;
use crate::config::decode::{Decode, Named, filled, list, name, pairs};
use crate::config::{ConfigErrors, Path};

/// Text that isn't empty and has no control characters: names, hosts, templates of one line.
pub(in crate::config) fn line(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let text = String::decode(node, at, errors)?;
    match unfit(&text) {
        Some(reason) => {
            errors.push(at, reason);
            None
        }
        None => Some(text),
    }
}

/// The reason why a text isn't valid as one line. The same rule holds for secrets in the policy's text and in the
/// environment.
pub(crate) fn unfit(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        return Some("must not be empty");
    }
    unprintable(text)
}

fn unprintable(text: &str) -> Option<&'static str> {
    let is_control = text.chars().any(char::is_control);
    is_control.then_some("must not contain control characters or line breaks")
}

/// Text without control characters; it may be empty. Values of header fields must meet this.
pub(in crate::config) fn value(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    printable(String::decode(node, at, errors)?, at, errors)
}

fn printable(text: String, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    if let Some(reason) = unprintable(&text) {
        errors.push(at, reason);
        return None;
    }
    Some(text)
}

/// A JSONPath. Tabs and line ends are blanks in it (RFC 9535 §2.1.1). The line end of a YAML block text isn't a part of
/// it.
pub(in crate::config) fn json_path(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    const BLANKS: [char; 4] = [' ', '\t', '\n', '\r'];
    let text = String::decode(node, at, errors)?;
    let text = text.trim_matches(BLANKS);
    if text.is_empty() {
        errors.push(at, "must not be empty");
        return None;
    }
    let is_out_of_place = |char: char| char.is_control() && !BLANKS.contains(&char);
    if text.contains(is_out_of_place) {
        errors.push(at, "must not contain control characters");
        return None;
    }
    Some(text.to_owned())
}

/// A list of text on one line each, which may be empty.
pub(in crate::config) fn lines(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(line, node, at, errors)
}

/// A list of such text that isn't empty.
pub(in crate::config) fn some_lines(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    filled(list(line, node, at, errors), at, errors)
}

/// A map from names to text, which may be empty.
pub(in crate::config) fn values_by_name(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(name, value, node, at, errors)
}

/// A map from names to text on one line.
pub(in crate::config) fn lines_by_name(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<Named<String>>> {
    pairs(name, line, node, at, errors)
}

/// Names of groups. They are sent to the upstream joined by commas, so a comma in a name is refused.
pub(in crate::config) fn group_names(
    node: &Node<'_>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Vec<String>> {
    list(group, node, at, errors)
}

fn group(node: &Node<'_>, at: &Path<'_>, errors: &mut ConfigErrors) -> Option<String> {
    let text = line(node, at, errors)?;
    if text.contains(',') {
        errors.push(at, "the name of a group must not contain `,`");
        return None;
    }
    Some(text)
}

/// A name that a template can use: `${LOOKUP.VALUE}`.
pub(in crate::config) fn variable(
    name: &str,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if !name.starts_with(|first: char| first.is_ascii_alphabetic()) || !name.bytes().all(plain) {
        let reason =
            "the name must have only letters, digits, `-` and `_`, and begin with a letter";
        errors.push(at, reason);
        return None;
    }
    Some(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_text_of_one_line() {
        for (text, as_line, as_value) in [
            ("", false, true),
            ("a b", true, true),
            ("a\nb", false, false),
            ("\0", false, false),
            ("\u{85}", false, false),
        ] {
            let mut errors = ConfigErrors::default();
            let node = Node::from(text);
            assert_eq!(line(&node, &Path::Root, &mut errors).is_some(), as_line);
            assert_eq!(value(&node, &Path::Root, &mut errors).is_some(), as_value);
        }
    }

    #[test]
    fn accepts_json_paths_of_several_lines() {
        for (text, expected) in [
            ("$", Some("$")),
            ("$\n\t.a\r\n", Some("$\n\t.a")),
            (" $.a ", Some("$.a")),
            ("\n", None),
            ("", None),
            ("$\u{b}.a", None),
            ("$['\u{85}']", None),
        ] {
            let mut errors = ConfigErrors::default();
            let read = json_path(&Node::from(text), &Path::Root, &mut errors);
            assert_eq!(read.as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn accepts_names_for_templates() {
        for (text, expected) in [
            ("a", true),
            ("a-1_b", true),
            ("1a", false),
            ("a.b", false),
            ("", false),
        ] {
            let mut errors = ConfigErrors::default();
            assert_eq!(
                variable(text, &Path::Root, &mut errors).is_some(),
                expected,
                "{text}"
            );
        }
    }
}
