//! What each format of documents does: it turns bytes into a value.

use std::fmt;

use serde_json::Value;

use crate::source::json::Items;
use crate::source::{Budget, JsonPath, SourceError};

/// What each format does: it reads a text in slices, so that a large document delays no request for long.
pub(in crate::source) trait Decode: fmt::Debug + Default {
    /// What a request asks for (RFC 9110 §12.5.1).
    const MEDIA_TYPE: &'static str;

    /// Continues to read `text`, the same each time, and spends what the work costs. Returns the value once all of it is
    /// read.
    ///
    /// # Errors
    /// [`SourceError::Malformed`]; the error shows no part of the text.
    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError>;

    /// The values that are read so far, for an incremental drop.
    fn into_parts(self) -> Vec<Value>;

    /// Reads a whole text in one go.
    ///
    /// # Errors
    /// As [`advance`](Self::advance).
    fn parse(text: &[u8]) -> Result<Value, SourceError> {
        let value = Self::default().advance(text, &mut Budget::unlimited())?;
        value.ok_or_else(|| SourceError::Malformed("the text has no end".into()))
    }

    /// A reader that finds `items` in the text itself, where the format has one: then what lies beside them is not kept.
    fn items(_items: &JsonPath) -> Option<Items> {
        None
    }
}

macro_rules! formats {
    ($($(#[doc = $doc:expr])+ $format:ident($reader:ty)),+ $(,)?) => {
        /// How the bytes of a document are read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[doc = $doc])+ $format),+
        }

        /// A document that is being read.
        #[derive(Debug)]
        pub enum FormatReader {
            $($(#[doc = $doc])+ $format($reader)),+
        }

        impl Format {
            /// What a request asks for.
            pub(super) const fn media_type(self) -> &'static str {
                match self {
                    $(Self::$format => <$reader as Decode>::MEDIA_TYPE),+
                }
            }

            /// A reader at the beginning of a text.
            #[must_use]
            pub fn reader(self) -> FormatReader {
                match self {
                    $(Self::$format => FormatReader::$format(Default::default())),+
                }
            }

            /// Reads a whole text in one go.
            pub(super) fn parse(self, text: &[u8]) -> Result<Value, SourceError> {
                match self {
                    $(Self::$format => <$reader as Decode>::parse(text)),+
                }
            }

            /// A reader that finds `items` in the text itself, where there is one.
            #[must_use]
            pub fn items(self, items: &JsonPath) -> Option<Items> {
                match self {
                    $(Self::$format => <$reader as Decode>::items(items)),+
                }
            }
        }

        impl FormatReader {
            /// Continues to read `text`, the same each time. Returns the value once all of it is read.
            ///
            /// # Errors
            /// [`SourceError::Malformed`].
            pub fn advance(
                &mut self,
                text: &[u8],
                budget: &mut Budget,
            ) -> Result<Option<Value>, SourceError> {
                match self {
                    $(Self::$format(reader) => Decode::advance(reader, text, budget)),+
                }
            }

            /// The values that are read so far, for an incremental drop.
            #[must_use]
            pub fn into_parts(self) -> Vec<Value> {
                match self {
                    $(Self::$format(reader) => Decode::into_parts(reader)),+
                }
            }
        }
    };
}

pub(super) use formats;
