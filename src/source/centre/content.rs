//! The formats that people write files in. A centre may keep such a file in an answer of its own, as etcd does.

use serde_json::Value;

use crate::source::json::Items;
use crate::source::{Budget, JsonPath, SourceError};

use super::format::Decode;
use super::json::JsonReader;
use super::properties::PropertiesReader;
use super::text::TextReader;
use super::yaml::YamlReader;

/// How the content of a file becomes a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentFormat {
    /// JSON (RFC 8259).
    #[default]
    Json,
    /// A part of YAML 1.2.
    Yaml,
    /// Properties, as Java reads them.
    Properties,
    /// Plain text: the value is the text.
    Text,
}

/// A file's content that is being read.
#[derive(Debug)]
pub enum ContentReader {
    /// JSON.
    Json(JsonReader),
    /// YAML.
    Yaml(YamlReader),
    /// Properties.
    Properties(PropertiesReader),
    /// Plain text.
    Text(TextReader),
}

impl ContentFormat {
    /// The format that the extension of a name tells, in any case: `routes.json`. `None` if it has none, or another one.
    #[must_use]
    pub fn of_extension(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Self::of_type(extension).filter(|_| !extension.eq_ignore_ascii_case("text"))
    }

    /// The format that a word names, in any case, as centres write it beside a document. `None` if it names another one.
    #[must_use]
    pub fn of_type(word: &str) -> Option<Self> {
        const WORDS: &[(&str, ContentFormat)] = &[
            ("json", ContentFormat::Json),
            ("yaml", ContentFormat::Yaml),
            ("yml", ContentFormat::Yaml),
            ("properties", ContentFormat::Properties),
            ("text", ContentFormat::Text),
            ("txt", ContentFormat::Text),
        ];
        let is_named = |(name, _): &&(&str, Self)| word.eq_ignore_ascii_case(name);
        WORDS.iter().find(is_named).map(|(_, format)| *format)
    }
}

impl From<ContentFormat> for ContentReader {
    fn from(format: ContentFormat) -> Self {
        Self::below(format, 0)
    }
}

impl ContentReader {
    /// A reader of a file that is one of several: properties keep their flat names.
    pub(super) fn of_part(format: ContentFormat) -> Self {
        if format == ContentFormat::Properties {
            Self::Properties(PropertiesReader::flat())
        } else {
            format.into()
        }
    }

    /// A reader of a value that stands below so many levels of a document.
    pub(super) fn below(format: ContentFormat, levels: usize) -> Self {
        match format {
            ContentFormat::Json => Self::Json(JsonReader::below(levels)),
            ContentFormat::Yaml => Self::Yaml(YamlReader::below(levels)),
            ContentFormat::Properties => Self::Properties(PropertiesReader::default()),
            ContentFormat::Text => Self::Text(TextReader::below(levels)),
        }
    }
}

impl Decode for ContentReader {
    fn media_type(&self) -> &'static str {
        match self {
            Self::Json(reader) => reader.media_type(),
            Self::Yaml(reader) => reader.media_type(),
            Self::Properties(reader) => reader.media_type(),
            Self::Text(reader) => reader.media_type(),
        }
    }

    fn advance(&mut self, text: &[u8], budget: &mut Budget) -> Result<Option<Value>, SourceError> {
        match self {
            Self::Json(reader) => reader.advance(text, budget),
            Self::Yaml(reader) => reader.advance(text, budget),
            Self::Properties(reader) => reader.advance(text, budget),
            Self::Text(reader) => reader.advance(text, budget),
        }
    }

    fn into_parts(self) -> Vec<Value> {
        match self {
            Self::Json(reader) => reader.into_parts(),
            Self::Yaml(reader) => reader.into_parts(),
            Self::Properties(reader) => reader.into_parts(),
            Self::Text(reader) => reader.into_parts(),
        }
    }

    fn parse(self, text: &[u8]) -> Result<Value, SourceError> {
        match self {
            Self::Json(reader) => reader.parse(text),
            Self::Yaml(reader) => reader.parse(text),
            Self::Properties(reader) => reader.parse(text),
            Self::Text(reader) => reader.parse(text),
        }
    }

    fn items(&self, items: &JsonPath) -> Option<Items> {
        match self {
            Self::Json(reader) => Decode::items(reader, items),
            Self::Yaml(_) | Self::Properties(_) | Self::Text(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_words_tell_formats() {
        use ContentFormat::{Json, Properties, Text, Yaml};
        for (name, format) in [
            ("routes.json", Some(Json)),
            ("a.b.JSON", Some(Json)),
            (".json", Some(Json)),
            ("note.txt", Some(Text)),
            ("a.yml", Some(Yaml)),
            ("app-prod.properties", Some(Properties)),
            ("a.Yaml", Some(Yaml)),
            ("json", None),
            ("com.example.text", None),
            ("routes.", None),
            ("routes.xml", None),
        ] {
            assert_eq!(ContentFormat::of_extension(name), format, "{name}");
        }
        for (word, format) in [
            ("json", Some(Json)),
            ("TEXT", Some(Text)),
            ("xml", None),
            ("", None),
        ] {
            assert_eq!(ContentFormat::of_type(word), format, "{word}");
        }
    }
}
