//! What a source yields.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Format, SourceError};

/// The SHA-256 of a document's bytes. Documents with the same hash are the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Hash(pub [u8; 32]);

impl Hash {
    /// The hash of `bytes`.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Hash {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hash({self})")
    }
}

/// A document's value, read once and shared. `Debug` doesn't print the content: it may hold credentials.
pub struct Document {
    value: Value,
    bytes: usize,
    hash: Hash,
}

impl Document {
    /// Reads a text of at most `limit` bytes at once.
    ///
    /// # Errors
    /// [`SourceError::TooLarge`], [`SourceError::Malformed`].
    pub fn parse(text: &[u8], limit: usize, format: Format) -> Result<Arc<Self>, SourceError> {
        let bytes = text.len();
        if bytes > limit {
            return Err(SourceError::TooLarge { limit });
        }
        let value = format.parse(text)?;
        Ok(Self::read(value, bytes, Hash::of(text)))
    }

    /// A document that is read already: its value, the length of its text in bytes, and the hash of its text.
    #[must_use]
    pub fn read(value: Value, bytes: usize, hash: Hash) -> Arc<Self> {
        Arc::new(Self { value, bytes, hash })
    }

    /// A document in the policy itself.
    #[must_use]
    pub fn inline(value: Value) -> Arc<Self> {
        let text = value.to_string();
        Arc::new(Self {
            value,
            bytes: text.len(),
            hash: Hash::of(text.as_bytes()),
        })
    }

    /// The document's value.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The value, if the document is not shared.
    #[must_use]
    pub fn into_value(self: Arc<Self>) -> Option<Value> {
        Arc::into_inner(self).map(|document| document.value)
    }

    /// Length of its text in bytes.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Hash of its text.
    #[must_use]
    pub const fn hash(&self) -> Hash {
        self.hash
    }
}

impl PartialEq for Document {
    /// Two documents are equal if their texts are equal.
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Document {}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Document")
            .field("bytes", &self.bytes)
            .field("hash", &self.hash)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &[u8], limit: usize) -> Result<Arc<Document>, SourceError> {
        Document::parse(text, limit, Format::JSON)
    }

    #[test]
    fn refuses_bad_documents() {
        assert_eq!(
            parse(b"{}  ", 3).unwrap_err(),
            SourceError::TooLarge { limit: 3 }
        );
        let deep = "[".repeat(200_000);
        for text in [
            "",
            "{",
            "{} {}",
            "\u{feff}",
            "\u{feff}\u{feff}{}",
            "{}\u{feff}",
            "nul",
            "1e999",
            &deep,
        ] {
            let error = parse(text.as_bytes(), usize::MAX).unwrap_err();
            assert!(matches!(error, SourceError::Malformed(_)), "{text:.9}");
        }
        assert!(parse(b"\"\xff\"", 9).is_err());
    }

    #[test]
    fn an_error_does_not_quote_the_document() {
        let error = parse(br#"{"key": "hunter2" "x"}"#, 99).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn knows_value_length_and_hash() {
        let document = parse(b" {\"a\": 1}", 99).unwrap();
        assert_eq!(document.value().get("a"), Some(&Value::from(1)));
        assert_eq!(document.bytes(), 9);
        assert_eq!(
            parse(b"null", 4).unwrap().hash().to_string(),
            "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"
        );
        assert!(!format!("{document:?}").contains("\"a\""));
        assert_eq!(Document::inline(Value::Null).bytes(), 4);
        let marked = parse("\u{feff}[1]".as_bytes(), 99).unwrap();
        assert_eq!(marked.value(), &Value::from(vec![1]));
    }
}
