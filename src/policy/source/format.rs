//! The formats of documents.

use crate::config;
use crate::source::ContentFormat;

/// How content is read that is written so.
pub(super) const fn content_format(written: config::ContentFormat) -> ContentFormat {
    match written {
        config::ContentFormat::Json => ContentFormat::Json,
        config::ContentFormat::Yaml => ContentFormat::Yaml,
        config::ContentFormat::Properties => ContentFormat::Properties,
        config::ContentFormat::Text => ContentFormat::Text,
    }
}
