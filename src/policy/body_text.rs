//! How values are written into contents, by the type of the content.

use crate::http::is_token;
use crate::rewrite::BodyText;

/// The type and the subtype of a content type, in lower case; empty ones if it has none.
pub(super) fn media(content_type: &str) -> (Box<str>, Box<str>) {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    let is_token = |text: &str| is_token(text.as_bytes()) && !text.contains('*');
    match media.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => {
            (kind.into(), subtype.into())
        }
        _ => Default::default(),
    }
}

/// A content, read up to a place: where a value would land there.
#[derive(Debug)]
pub(super) struct BodyTexts {
    kind: Kind,
    /// Whether the last string of the JSON holds a value.
    is_held: bool,
    /// Whether a value is, or is in, the name of a member.
    has_name: bool,
}

#[derive(Clone, Copy, Debug)]
enum Kind {
    Json(Json),
    Markup,
    /// A script or a style sheet.
    Code,
    Other,
}

/// Where a place in a JSON text is.
#[derive(Clone, Copy, Debug)]
enum Json {
    /// Outside of strings.
    Value,
    /// In a string.
    String,
    /// In a string, after a `\`.
    Escape,
    /// After a string, before anything that isn't a blank.
    Behind,
}

impl BodyTexts {
    /// The begin of a content with this subtype.
    pub(super) fn new(subtype: &str) -> Self {
        let kind = if subtype.contains("json") {
            Kind::Json(Json::Value)
        } else if subtype == "html" || subtype.ends_with("xml") {
            Kind::Markup
        } else if subtype.ends_with("script") || subtype == "css" {
            Kind::Code
        } else {
            Kind::Other
        };
        Self {
            kind,
            is_held: false,
            has_name: false,
        }
    }

    /// Reads a literal.
    pub(super) fn pass(&mut self, text: &[u8]) {
        let Kind::Json(mut json) = self.kind else {
            return;
        };
        for byte in text {
            json = match (json, byte) {
                (Json::Value | Json::Behind, b'"') => {
                    self.is_held = false;
                    Json::String
                }
                (Json::Behind, b' ' | b'\t' | b'\r' | b'\n') => Json::Behind,
                (Json::Behind, byte) => {
                    self.has_name |= self.is_held && *byte == b':';
                    Json::Value
                }
                (Json::Escape, _) => Json::String,
                (Json::String, b'"') => Json::Behind,
                (Json::String, b'\\') => Json::Escape,
                (json, _) => json,
            };
        }
        self.kind = Kind::Json(json);
    }

    /// The text that a value stands in which follows.
    ///
    /// # Errors
    /// It can't be escaped there, for this reason; and what helps.
    pub(super) fn value(&mut self) -> Result<BodyText, (&'static str, Option<&'static str>)> {
        Ok(match self.kind {
            Kind::Json(Json::String) => {
                self.is_held = true;
                BodyText::JsonString
            }
            Kind::Json(Json::Value | Json::Behind) => BodyText::JsonValue,
            Kind::Json(Json::Escape) => {
                return Err(("a value can't stand after a `\\` in JSON", None));
            }
            Kind::Markup => BodyText::Markup,
            Kind::Code => {
                let reason = "values can't be escaped in scripts and style sheets";
                return Err((reason, Some("write the body without variables")));
            }
            Kind::Other => BodyText::Plain,
        })
    }

    /// Whether a value is, or is in, the name of a member of the JSON.
    pub(super) const fn has_name(&self) -> bool {
        self.has_name
    }
}
