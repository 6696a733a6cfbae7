//! What each format of documents does: it turns bytes into a value.

use std::fmt;

use serde_json::Value;

use crate::source::json::Items;
use crate::source::{Budget, JsonPath, SourceError};

/// What each format does: it reads a text in slices, so that a large document delays no request for long.
pub(in crate::source) trait Decode: fmt::Debug + Sized {
    /// What a request asks for (RFC 9110 §12.5.1).
    fn media_type(&self) -> &'static str;

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
    fn parse(mut self, text: &[u8]) -> Result<Value, SourceError> {
        let value = self.advance(text, &mut Budget::unlimited())?;
        value.ok_or_else(|| SourceError::Malformed("the text has no end".into()))
    }

    /// A reader that finds `items` in the text itself, where the format has one: then what lies beside them is not kept.
    fn items(&self, _items: &JsonPath) -> Option<Items> {
        None
    }
}

/// A format is written `Name(Reader)`, and the reader is made by `Default`; or `Name(Reader) of (name: Type)`, where the format has
/// a parameter and the reader is made of it by `From`.
macro_rules! formats {
    ($($(#[doc = $doc:expr])+ $format:ident($reader:ty) $(of ($parameter:ident: $type:ty))?),+ $(,)?) => {
        /// How the bytes of a document are read.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Format {
            $($(#[doc = $doc])+ $format $(($type))?),+
        }

        /// A document that is being read.
        #[derive(Debug)]
        pub enum FormatReader {
            $($(#[doc = $doc])+ $format($reader)),+
        }

        impl Format {
            /// A reader at the beginning of a text.
            #[must_use]
            pub fn reader(self) -> FormatReader {
                match self {
                    $(Self::$format $(($parameter))? => {
                        FormatReader::$format(formats!(@reader $($parameter)?))
                    }),+
                }
            }

            /// What a request asks for.
            pub(super) fn media_type(self) -> &'static str {
                match self.reader() {
                    $(FormatReader::$format(reader) => reader.media_type()),+
                }
            }

            /// Reads a whole text in one go.
            pub(super) fn parse(self, text: &[u8]) -> Result<Value, SourceError> {
                match self.reader() {
                    $(FormatReader::$format(reader) => reader.parse(text)),+
                }
            }

            /// A reader that finds `items` in the text itself, where there is one.
            #[must_use]
            pub fn items(self, items: &JsonPath) -> Option<Items> {
                match self.reader() {
                    $(FormatReader::$format(reader) => Decode::items(&reader, items)),+
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
    (@reader) => { Default::default() };
    (@reader $parameter:ident) => { From::from($parameter) };
}

pub(super) use formats;
