//! The answer to one question of a source on demand.

use std::fmt;
use std::sync::Arc;

use serde_json::Value;

use crate::source::{AnswerHeaders, Format, SourceError};

/// The value of an answer, read once and shared, and what is kept of its header fields. `Debug` doesn't print the content: it may hold
/// credentials.
#[derive(PartialEq)]
pub struct EntryAnswer {
    value: Value,
    headers: AnswerHeaders,
    is_without_content: bool,
}

impl EntryAnswer {
    /// An answer with this value.
    #[must_use]
    pub(super) fn new(value: Value) -> Self {
        Self {
            value,
            headers: AnswerHeaders::default(),
            is_without_content: false,
        }
    }

    /// Reads a content of at most `limit` bytes. It may be empty where header fields are kept: then these say all.
    ///
    /// # Errors
    /// [`SourceError::TooLarge`], [`SourceError::Malformed`].
    pub(super) fn parse(
        content: &[u8],
        headers: AnswerHeaders,
        limit: usize,
        format: Format,
    ) -> Result<Self, SourceError> {
        if content.len() > limit {
            return Err(SourceError::TooLarge { limit });
        }
        let is_without_content = content.is_empty() && !headers.is_empty();
        let value = if is_without_content {
            Value::Null
        } else {
            format.parse(content)?
        };
        Ok(Self {
            value,
            headers,
            is_without_content,
        })
    }

    /// Its value; `null` for one without content.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// The header fields that are kept of it.
    #[must_use]
    pub const fn headers(&self) -> &AnswerHeaders {
        &self.headers
    }

    /// Whether it says all by its header fields.
    #[must_use]
    pub const fn is_without_content(&self) -> bool {
        self.is_without_content
    }

    /// The same answer with these header fields too. They replace those of the same names.
    #[must_use]
    pub(super) fn with_headers(self: Arc<Self>, newer: AnswerHeaders) -> Arc<Self> {
        let mut headers = self.headers.clone();
        if !headers.update(newer) {
            return self;
        }
        let is_without_content = self.is_without_content;
        let value = Arc::try_unwrap(self);
        let value = value.map_or_else(|shared| shared.value.clone(), |own| own.value);
        Arc::new(Self {
            value,
            headers,
            is_without_content,
        })
    }
}

impl fmt::Debug for EntryAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EntryAnswer")
            .field("headers", &self.headers)
            .finish_non_exhaustive()
    }
}
