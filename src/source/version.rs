//! Which state of a document is held.

use std::fmt;

/// A token that names one state of a document, in the words of the source: an entity tag, a revision, a hash. Only the
/// protocol that made it reads it. It lies in shared data beside the document, so it must hold no secret. An empty one
/// means that no version is known: the next request is not conditional.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Version(Box<[u8]>);

impl Version {
    /// The longest token, in bytes.
    pub const MAX_BYTES: usize = 4096;

    /// Takes a token. One that is too long is forgotten.
    #[must_use]
    pub fn new(token: &[u8]) -> Self {
        if token.len() > Self::MAX_BYTES {
            return Self::default();
        }
        Self(token.into())
    }

    /// Bytes of a token as text for people: as they are, if they are plain text.
    #[must_use]
    pub(super) fn shown(bytes: &[u8]) -> String {
        let is_plain = bytes.iter().all(|byte| (b' '..=b'~').contains(byte));
        if is_plain {
            String::from_utf8_lossy(bytes).into_owned()
        } else {
            bytes.escape_ascii().to_string()
        }
    }

    /// The token. Empty if no version is known.
    #[must_use]
    pub const fn token(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Version(\"{}\")", self.0.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_bounded() {
        let longest = [7; Version::MAX_BYTES];
        assert_eq!(Version::new(&longest).token(), longest);
        assert_eq!(
            Version::new(&[7; Version::MAX_BYTES + 1]),
            Version::default()
        );
    }

    #[test]
    fn a_token_is_shown_without_control_characters() {
        assert_eq!(Version::shown(b"\"1\" \\"), "\"1\" \\");
        assert_eq!(Version::shown(b"\x1b[1m"), "\\x1b[1m");
        assert_eq!(Version::shown("é".as_bytes()), "\\xc3\\xa9");
    }
}
