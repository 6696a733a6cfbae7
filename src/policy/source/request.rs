//! Requests by template: what a source on demand sends for each request of a client.

use serde_json::Value;

use crate::config::{self, ConfigErrors, HttpBody, HttpSourceMethod, Named, Path};
use crate::http::{encode_form_value, is_unreserved, percent_encode_into};
use crate::policy::body_text::{BodyTexts, media};
use crate::policy::parsed_template::parsed;
use crate::rewrite::{BodyText, PathEnd, RequestPlace, check_segments};
use crate::template::{self, Template};

/// The requests of a source. Their variables are those of the routes that send them, so each lookup compiles them.
#[derive(Debug)]
pub(crate) struct RequestTexts {
    pub(crate) pieces: Vec<RequestText>,
    /// How the path may end: with a slash where the template says so.
    pub(crate) end: PathEnd,
    /// What an answer is remembered by; without it, all values of the request.
    pub(crate) key: Option<Template>,
}

/// A part of a request.
#[derive(Debug)]
pub(crate) enum RequestText {
    Literal(Vec<u8>),
    /// A variable, with the place where its value lands.
    Value(template::Piece, RequestPlace),
}

/// A request's text in the making. It is what [`BuiltRequest`](crate::source::HttpProtocol::built) reads.
struct Writer<'p, 'e> {
    pieces: Vec<RequestText>,
    at: &'p Path<'p>,
    errors: &'e mut ConfigErrors,
}

impl RequestTexts {
    /// The requests that this record describes. An error is added to `errors`.
    pub(super) fn compile(
        written: &config::HttpSource,
        content_type: Option<&str>,
        at: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Self {
        let mut writer = Writer {
            pieces: Vec::new(),
            at,
            errors,
        };
        writer.method(written.method);
        let end = writer.target(written);
        writer.headers(&written.service.headers);
        writer.content(written, content_type);
        Self {
            pieces: writer.pieces,
            end,
            key: None,
        }
    }

    /// The names of all variables.
    pub(crate) fn variables(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for piece in &self.pieces {
            if let RequestText::Value(piece, _) = piece {
                piece.collect(&mut names);
            }
        }
        names.extend(self.key.iter().flat_map(Template::variables));
        names
    }
}

/// Whether a variable has a default of several parts, one of which is a variable, at any depth.
fn has_parts(piece: &template::Piece) -> bool {
    let template::Piece::Value {
        default: Some(default),
        ..
    } = piece
    else {
        return false;
    };
    let several = default.pieces().len() > 1 && !default.variables().is_empty();
    several || default.pieces().iter().any(has_parts)
}

impl Writer<'_, '_> {
    fn literal(&mut self, text: &[u8]) {
        if let Some(RequestText::Literal(last)) = self.pieces.last_mut() {
            last.extend_from_slice(text);
        } else if !text.is_empty() {
            self.pieces.push(RequestText::Literal(text.to_vec()));
        }
    }

    /// Appends a template. Its literals are encoded as its values are.
    fn template(&mut self, text: &str, place: RequestPlace, at: &Path<'_>) {
        let Some(template) = parsed(text, at, self.errors) else {
            return;
        };
        for piece in template.pieces() {
            match piece {
                template::Piece::Literal(text) => {
                    let mut encoded = Vec::new();
                    if place.put(&mut encoded, text.as_bytes()).is_err() {
                        self.errors.push(at, "the text can't stand there");
                    }
                    self.literal(&encoded);
                }
                value => self.pieces.push(RequestText::Value(value.clone(), place)),
            }
        }
    }

    fn method(&mut self, method: HttpSourceMethod) {
        if matches!(method, HttpSourceMethod::Same) {
            let at = self.at.field("method");
            self.template(method.name(), RequestPlace::Method, &at);
        } else {
            self.literal(method.name().as_bytes());
        }
        self.literal(b" ");
    }

    /// The path with its query.
    fn target(&mut self, written: &config::HttpSource) -> PathEnd {
        let at = self.at.field("path");
        let mut has_query = false;
        let mut end = PathEnd::Segment;
        // The path with `x` for each value.
        let mut sample = String::new();
        let template = parsed(&written.path, &at, self.errors);
        for piece in template.iter().flat_map(Template::pieces) {
            match piece {
                template::Piece::Literal(text) => {
                    let is_forbidden = |byte: &u8| !byte.is_ascii_graphic() || *byte == b'#';
                    if let Some(byte) = text.bytes().find(is_forbidden) {
                        let reason = format!("the path holds the byte 0x{byte:02x}");
                        self.errors.suggest(&at, reason, "percent-encode it");
                    }
                    if !has_query {
                        let (path, query) = text.split_once('?').unzip();
                        has_query = query.is_some();
                        let path = path.unwrap_or(text);
                        sample.push_str(path);
                        if !path.is_empty() {
                            end = if path.ends_with('/') {
                                PathEnd::Slash
                            } else {
                                PathEnd::Segment
                            };
                        }
                    }
                    self.literal(text.as_bytes());
                }
                value @ template::Piece::Value {
                    variable,
                    functions,
                    ..
                } => {
                    let place = if has_query {
                        RequestPlace::Query
                    } else {
                        RequestPlace::Segment
                    };
                    if !has_query {
                        let is_path = &**variable == "request.path" && functions.is_empty();
                        end = if is_path {
                            PathEnd::Slash
                        } else {
                            PathEnd::Segment
                        };
                        sample.push_str(if is_path { "/x" } else { "x" });
                    }
                    self.pieces.push(RequestText::Value(value.clone(), place));
                }
            }
        }
        if template.is_some() && check_segments(sample.as_bytes(), end).is_err() {
            let reason =
                "not a path: it begins with `/`, and has no empty segment and no dot segment";
            self.errors.push(&at, reason);
        }
        self.query(&written.query, has_query);
        end
    }

    fn query(&mut self, parameters: &[Named<String>], has_query: bool) {
        let at = self.at.field("query");
        let mut separator = if has_query { "&" } else { "?" };
        for parameter in parameters {
            let mut name = separator.as_bytes().to_vec();
            percent_encode_into(&mut name, parameter.name.as_bytes(), is_unreserved);
            name.push(b'=');
            self.literal(&name);
            self.template(
                &parameter.value,
                RequestPlace::Query,
                &at.field(&parameter.name),
            );
            separator = "&";
        }
        self.literal(b"\n");
    }

    /// The headers that have variables.
    fn headers(&mut self, headers: &[Named<config::TextOrEnv>]) {
        let at = self.at.field("headers");
        for header in headers {
            let Some(text) = template_of(&header.value) else {
                continue;
            };
            let at = at.field(&header.name);
            if header.name == "content-type" {
                let reason = "a content type has no variables: it says how values are encoded";
                self.errors.push(&at, reason);
                continue;
            }
            self.literal(header.name.as_bytes());
            self.literal(b": ");
            let Some(template) = parsed(text, &at, self.errors) else {
                continue;
            };
            if template.pieces().iter().any(has_parts) {
                let reason = "a default of several parts with a variable can't be told from a list";
                self.errors
                    .suggest(&at, reason, "write one variable or one text as the default");
            }
            let place = if template.pieces().len() > 1 {
                RequestPlace::HeaderPart
            } else {
                RequestPlace::Header
            };
            for piece in template.pieces() {
                match piece {
                    template::Piece::Literal(text) => self.literal(text.as_bytes()),
                    value => self.pieces.push(RequestText::Value(value.clone(), place)),
                }
            }
            self.literal(b"\n");
        }
        self.literal(b"\n");
    }

    fn content(&mut self, written: &config::HttpSource, content_type: Option<&str>) {
        let at = self.at.field("body");
        let has_content = matches!(
            written.method,
            HttpSourceMethod::Post | HttpSourceMethod::Put | HttpSourceMethod::Patch
        );
        let Some(body) = &written.body else {
            return;
        };
        if !has_content {
            let reason = "such a request has no content";
            self.errors
                .suggest(&at, reason, "write `method: POST`, `PUT` or `PATCH`");
            return;
        }
        match body {
            HttpBody::Json(value) => self.json(value, &at.field("json")),
            HttpBody::Form(fields) => self.form(fields, &at.field("form")),
            HttpBody::Text(text) => self.text(text, content_type, &at),
        }
    }

    fn json(&mut self, value: &Value, at: &Path<'_>) {
        match value {
            Value::String(text) => {
                self.literal(b"\"");
                self.template(text, RequestPlace::Body(BodyText::JsonString), at);
                self.literal(b"\"");
            }
            Value::Array(items) => {
                let mut separator: &[u8] = b"[";
                for (index, item) in items.iter().enumerate() {
                    self.literal(separator);
                    self.json(item, &at.index(index));
                    separator = b",";
                }
                self.literal(if items.is_empty() { b"[]" } else { b"]" });
            }
            Value::Object(members) => {
                let mut separator: &[u8] = b"{";
                for (name, item) in members {
                    let at = at.field(name);
                    if name.contains("${") {
                        self.errors.push(&at, "a name has no variables");
                    }
                    self.literal(separator);
                    self.literal(Value::from(name.as_str()).to_string().as_bytes());
                    self.literal(b":");
                    self.json(item, &at);
                    separator = b",";
                }
                self.literal(if members.is_empty() { b"{}" } else { b"}" });
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {
                self.literal(value.to_string().as_bytes());
            }
        }
    }

    fn form(&mut self, fields: &[Named<String>], at: &Path<'_>) {
        let mut separator = "";
        for field in fields {
            self.literal(separator.as_bytes());
            let mut name = Vec::new();
            encode_form_value(&mut name, field.name.as_bytes());
            name.push(b'=');
            self.literal(&name);
            self.template(&field.value, RequestPlace::Form, &at.field(&field.name));
            separator = "&";
        }
    }

    /// A content of this type, as it is written.
    fn text(&mut self, text: &str, content_type: Option<&str>, at: &Path<'_>) {
        let Some(template) = parsed(text, at, self.errors) else {
            return;
        };
        let (kind, subtype) = media(content_type.unwrap_or_default());
        let mut texts = BodyTexts::new(&subtype);
        for piece in template.pieces() {
            match piece {
                template::Piece::Literal(text) => {
                    texts.pass(text.as_bytes());
                    self.literal(text.as_bytes());
                }
                value => match texts.value() {
                    Ok(BodyText::Plain) if (&*kind, &*subtype) != ("text", "plain") => {
                        let reason = "values can be escaped in JSON, XML, HTML and plain text only, and the `content-type` is none of these";
                        self.errors
                            .suggest(at, reason, "write `{form: {NAME: VALUE}}` for a form");
                        return;
                    }
                    Ok(text) => {
                        self.pieces
                            .push(RequestText::Value(value.clone(), RequestPlace::Body(text)));
                    }
                    Err((reason, _)) => return self.errors.push(at, reason),
                },
            }
        }
        if texts.has_name() {
            let reason = "a variable is the name of a member: it could be the name of another one";
            self.errors.push(at, reason);
        }
    }
}

/// The template of a header's value, if it is one.
pub(super) fn template_of(value: &config::TextOrEnv) -> Option<&str> {
    value.text().filter(|text| text.contains("${"))
}
