//! The path of a callout.

use crate::http::{
    Text, escapes_to_dots, is_unreserved, percent_decode, percent_encode_into, reads_as_dots,
};

const PLACEHOLDER: &str = "${key}";

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// It doesn't begin with `/`.
    #[error("the path doesn't begin with `/`")]
    NotAbsolute,
    /// It holds a blank, a control byte, a `#`, or what isn't ASCII: these must be percent-encoded.
    #[error("the path holds the byte 0x{0:02x}: percent-encode it")]
    ForbiddenByte(u8),
    /// It holds a placeholder other than `${key}`, or one that doesn't end.
    #[error("the only placeholder in the path is `${{key}}`")]
    UnknownPlaceholder,
    /// It holds `${key}` more than once.
    #[error("the path holds `${{key}}` more than once")]
    RepeatedKey,
    /// It holds no `${key}`.
    #[error("the path holds no `${{key}}`")]
    MissingKey,
}

/// A path without a placeholder, with its query.
///
/// # Errors
/// [`PathError`].
pub(super) fn absolute(text: &str) -> Result<Text, PathError> {
    check(text)?;
    if text.contains("${") {
        return Err(PathError::UnknownPlaceholder);
    }
    Ok(Text::shared(text.as_bytes()))
}

fn check(text: &str) -> Result<(), PathError> {
    if !text.starts_with('/') {
        return Err(PathError::NotAbsolute);
    }
    let is_forbidden = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'#';
    match text.bytes().find(is_forbidden) {
        Some(byte) => Err(PathError::ForbiddenByte(byte)),
        None => Ok(()),
    }
}

/// A path with one variable, `${key}`: the bytes before it and after it.
#[derive(Clone, Debug)]
pub(super) struct PathTemplate {
    before: Box<[u8]>,
    after: Box<[u8]>,
}

impl PathTemplate {
    /// # Errors
    /// [`PathError`].
    pub(super) fn compile(text: &str) -> Result<Self, PathError> {
        check(text)?;
        Self::of_name(text)
    }

    /// A name that is no path of a URL, so it may hold any characters.
    ///
    /// # Errors
    /// [`PathError`].
    pub(super) fn of_name(text: &str) -> Result<Self, PathError> {
        let Some((before, after)) = text.split_once(PLACEHOLDER) else {
            return Err(if text.contains("${") {
                PathError::UnknownPlaceholder
            } else {
                PathError::MissingKey
            });
        };
        if after.contains(PLACEHOLDER) {
            return Err(PathError::RepeatedKey);
        }
        if before.contains("${") || after.contains("${") {
            return Err(PathError::UnknownPlaceholder);
        }
        Ok(Self {
            before: before.as_bytes().into(),
            after: after.as_bytes().into(),
        })
    }

    /// Whether the key becomes one or more segments, and not a part of the query.
    pub(super) fn has_key_in_segments(&self) -> bool {
        !self.before.contains(&b'?')
    }

    /// The path with `key` instead of the variable: as segments, separated by the `/` in it, or as one part of the
    /// query. `None` if a segment would be empty or read as a dot segment, or the key holds a control byte.
    pub(super) fn fill(&self, key: &[u8]) -> Option<Text> {
        let Self { before, after } = self;
        if key.iter().any(u8::is_ascii_control) {
            return None;
        }
        let mut path = before.to_vec();
        if !self.has_key_in_segments() {
            percent_encode_into(&mut path, key, is_unreserved);
            path.extend_from_slice(after);
            return Some(Text::Owned(path));
        }
        percent_encode_into(&mut path, key, |byte| byte == b'/' || is_unreserved(byte));
        path.extend_from_slice(after);
        are_segments(before, &path, after).then_some(Text::Owned(path))
    }

    /// The name with `key` instead of the variable, as it is. `None` for the same keys as [`fill`](Self::fill), where the key is
    /// segments.
    pub(super) fn fill_name(&self, key: &[u8]) -> Option<Vec<u8>> {
        let Self { before, after } = self;
        let name = [before, key, after].concat();
        let is_fit = !key.iter().any(u8::is_ascii_control) && are_segments(before, &name, after);
        is_fit.then_some(name)
    }
}

/// Whether no segment that the key fills, in whole or in part, is empty or may be read as a dot segment. `path` begins
/// with `before` and ends with `after`.
fn are_segments(before: &[u8], path: &[u8], after: &[u8]) -> bool {
    let start = before.iter().rposition(|byte| *byte == b'/');
    let end = after.iter().position(|byte| matches!(byte, b'/' | b'?'));
    let behind = end.map_or(0, |end| after.len().saturating_sub(end));
    let touched =
        start.map_or(0, |start| start.saturating_add(1))..path.len().saturating_sub(behind);
    let mut segments = path
        .get(touched)
        .unwrap_or_default()
        .split(|byte| *byte == b'/');
    let is_unfit = |segment: &[u8]| {
        let twice = escapes_to_dots(&percent_decode(segment));
        segment.is_empty() || reads_as_dots(segment) || twice
    };
    !segments.any(is_unfit)
}

/// Whether `key` holds a byte with a meaning in a path: a server on the way may unescape it.
pub(super) fn has_reserved_byte(key: &[u8]) -> bool {
    key.iter().any(|byte| b"/\\?#%".contains(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, error) in [
            ("/${key}", None),
            ("/a", Some(PathError::MissingKey)),
            ("", Some(PathError::NotAbsolute)),
            ("a", Some(PathError::NotAbsolute)),
            ("http://x/", Some(PathError::NotAbsolute)),
            ("/a b", Some(PathError::ForbiddenByte(b' '))),
            ("/a\r\nb", Some(PathError::ForbiddenByte(b'\r'))),
            ("/é", Some(PathError::ForbiddenByte(0xc3))),
            ("/a#b", Some(PathError::ForbiddenByte(b'#'))),
            ("/${name}", Some(PathError::UnknownPlaceholder)),
            ("/${key}/${name}", Some(PathError::UnknownPlaceholder)),
            ("/${key", Some(PathError::UnknownPlaceholder)),
            ("/${key}/${key}", Some(PathError::RepeatedKey)),
        ] {
            assert_eq!(PathTemplate::compile(path).err(), error, "{path}");
        }
        for (path, error) in [
            ("/a?b=c&d=%20", None),
            ("a", Some(PathError::NotAbsolute)),
            ("/a b", Some(PathError::ForbiddenByte(b' '))),
            ("/${key}", Some(PathError::UnknownPlaceholder)),
            ("/${", Some(PathError::UnknownPlaceholder)),
        ] {
            assert_eq!(absolute(path).err(), error, "{path}");
        }
    }

    #[test]
    fn fills_in_a_key() {
        for (path, key, filled) in [
            ("/p/${key}", &b"acme"[..], Some("/p/acme")),
            (
                "/p/${key}/x",
                b"a/b?c#d%e;f",
                Some("/p/a/b%3Fc%23d%25e%3Bf/x"),
            ),
            ("/p/${key}", b"\xff+ ", Some("/p/%FF%2B%20")),
            ("/p/${key}", b"...", Some("/p/...")),
            ("/p/${key}", b"", None),
            ("/p/${key}", b".", None),
            ("/p/${key}?q", b"..", None),
            ("/p/.${key}/x", b".", None),
            ("/p/${key}.json", b"..", Some("/p/...json")),
            ("/p/${key}.json", b"", Some("/p/.json")),
            ("/p?k=${key}", b"..", Some("/p?k=..")),
            ("/p?k=${key}&l", b"a&b=c", Some("/p?k=a%26b%3Dc&l")),
            ("/p?k=${key}", b"../a/b", Some("/p?k=..%2Fa%2Fb")),
            ("/p${key}?q", b"/a/b", Some("/p/a/b?q")),
            ("/p/.${key}", b"./a", None),
            ("/p/${key}", b"/a", None),
            ("/p/${key}", b"a/", None),
            ("/p/${key}/x", b"a//b", None),
            ("/p/${key}", b"a/../b", None),
            ("/p/${key}", b"a\\..\\b", None),
            ("/p/${key}", b"..;x", None),
            ("/p/${key}", b"..%2Fa", None),
            ("/p/${key}", b"a\0", None),
            ("/p/${key}", b"a\r\nx: y", None),
            ("/p/${key}", b"a\x7f", None),
        ] {
            let filled = filled.map(str::as_bytes);
            let got = PathTemplate::compile(path).unwrap().fill(key);
            assert_eq!(got.as_deref(), filled, "{path} {}", key.escape_ascii());
        }
    }

    #[test]
    fn fills_a_key_into_a_name() {
        for (name, key, filled) in [
            ("/t/${key}", &b"a b"[..], Some(&b"/t/a b"[..])),
            ("é ?${key}.x", b"a/\xff", Some(b"\xc3\xa9 ?a/\xff.x")),
            ("${key}", b"", None),
            ("${key}", b"a//b", None),
            ("/t/${key}", b"../a", None),
            ("/t/${key}", b"a\n", None),
        ] {
            let got = PathTemplate::of_name(name).unwrap().fill_name(key);
            assert_eq!(got.as_deref(), filled, "{name} {}", key.escape_ascii());
        }
    }
}
