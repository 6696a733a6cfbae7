//! The path of a callout, with a place for a key.

use std::fmt;

use crate::http::{Text, is_unreserved, percent_encode_into};

const PLACEHOLDER: &str = "${key}";

/// Why a path is none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// It doesn't begin with `/`.
    NotAbsolute,
    /// It holds a blank, a control byte, a `#`, or what isn't ASCII: these must be percent-encoded.
    ForbiddenByte(u8),
    /// It holds a placeholder other than `${key}`, or one that doesn't end.
    UnknownPlaceholder,
    /// It holds `${key}` more than once.
    RepeatedKey,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAbsolute => f.write_str("the path doesn't begin with `/`"),
            Self::ForbiddenByte(byte) => {
                write!(f, "the path holds the byte 0x{byte:02x}: percent-encode it")
            }
            Self::UnknownPlaceholder => f.write_str("the only placeholder in the path is `${key}`"),
            Self::RepeatedKey => f.write_str("the path holds `${key}` more than once"),
        }
    }
}

impl std::error::Error for PathError {}

/// A path, cut at its placeholder.
#[derive(Clone, Debug)]
pub(super) enum Path {
    Fixed(Text),
    Keyed { before: Box<[u8]>, after: Box<[u8]> },
}

impl Path {
    /// # Errors
    /// [`PathError`].
    pub(super) fn compile(text: &str) -> Result<Self, PathError> {
        if !text.starts_with('/') {
            return Err(PathError::NotAbsolute);
        }
        let forbidden = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'#';
        if let Some(byte) = text.bytes().find(|byte| forbidden(byte)) {
            return Err(PathError::ForbiddenByte(byte));
        }
        let Some((before, after)) = text.split_once(PLACEHOLDER) else {
            return if text.contains("${") {
                Err(PathError::UnknownPlaceholder)
            } else {
                Ok(Self::Fixed(Text::shared(text.as_bytes())))
            };
        };
        if after.contains(PLACEHOLDER) {
            return Err(PathError::RepeatedKey);
        }
        if before.contains("${") || after.contains("${") {
            return Err(PathError::UnknownPlaceholder);
        }
        Ok(Self::Keyed {
            before: before.as_bytes().into(),
            after: after.as_bytes().into(),
        })
    }

    pub(super) const fn is_keyed(&self) -> bool {
        matches!(self, Self::Keyed { .. })
    }

    /// The path without a key.
    pub(super) fn bare(&self) -> Text {
        match self {
            Self::Fixed(path) => path.clone(),
            Self::Keyed { before, after } => Text::Owned([&**before, &**after].concat()),
        }
    }

    /// The path with `key` in its place, as one segment or one part of the query.
    pub(super) fn fill(&self, key: &[u8]) -> Option<Text> {
        let (before, after) = match self {
            Self::Fixed(path) => return Some(path.clone()),
            Self::Keyed { before, after } => (before, after),
        };
        if key.iter().any(u8::is_ascii_control) || !stays_a_segment(before, key, after) {
            return None;
        }
        let mut path = before.to_vec();
        percent_encode_into(&mut path, key, is_unreserved);
        path.extend_from_slice(after);
        Some(Text::Owned(path))
    }
}

/// Whether the segment that `key` becomes, or becomes a part of, is neither empty nor a dot segment. An escaped dot is
/// no way out: it means the same (RFC 3986 §6.2.2.2).
fn stays_a_segment(before: &[u8], key: &[u8], after: &[u8]) -> bool {
    if before.contains(&b'?') {
        return true;
    }
    let start = before.rsplit(|byte| *byte == b'/').next();
    let end = after.split(|byte| matches!(byte, b'/' | b'?')).next();
    let segment = [start.unwrap_or_default(), key, end.unwrap_or_default()].concat();
    !matches!(segment.as_slice(), b"" | b"." | b"..")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        for (path, error) in [
            ("/a?b=c&d=%20", None),
            ("/${key}", None),
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
            assert_eq!(Path::compile(path).err(), error, "{path}");
        }
    }

    #[test]
    fn a_key_is_one_segment() {
        for (path, key, filled) in [
            ("/p/${key}", &b"acme"[..], Some("/p/acme")),
            (
                "/p/${key}/x",
                b"a/b?c#d%e;f",
                Some("/p/a%2Fb%3Fc%23d%25e%3Bf/x"),
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
            ("/p/${key}", b"a\0", None),
            ("/p/${key}", b"a\r\nx: y", None),
            ("/p/${key}", b"a\x7f", None),
        ] {
            let filled = filled.map(str::as_bytes);
            let got = Path::compile(path).unwrap().fill(key);
            assert_eq!(got.as_deref(), filled, "{path} {}", key.escape_ascii());
        }
    }
}
