//! Responses that the policy writes itself.

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Response, Text};
use crate::rewrite::BodyText;

use crate::policy::Unmatched;
use crate::policy::body_text::{BodyTexts, media};
use crate::policy::route::CompileInputs;
use crate::policy::template::{Scope, ValuePiece, ValueTemplate};

/// A response of the policy. What doesn't depend on the request is built with the policy, and cloned for each request.
#[derive(Debug)]
pub(crate) struct Respond {
    pub(crate) fixed: Response,
    /// The header fields with variables.
    pub(crate) headers: Vec<(Text, ValueTemplate)>,
    /// The bodies to choose from. Empty if `fixed` has the body.
    pub(crate) bodies: Vec<Body>,
}

/// A body of one content type.
#[derive(Debug)]
pub(crate) struct Body {
    pub(crate) content_type: Text,
    /// Its type and its subtype in lower case.
    pub(crate) media: (Box<str>, Box<str>),
    pub(crate) pieces: Vec<BodyPiece>,
}

/// A part of a body.
#[derive(Debug)]
pub(crate) enum BodyPiece {
    Literal(Text),
    /// A variable, and the text that it stands in.
    Value(ValuePiece, BodyText),
}

/// The content type of a body that has no other one.
const TEXT: &str = "text/plain; charset=utf-8";

impl CompileInputs<'_> {
    /// Compiles the response for requests without a route. Its values are those of the request.
    pub(in crate::policy) fn unmatched(
        &self,
        written: &config::Respond,
        errors: &mut ConfigErrors,
    ) -> Option<Unmatched> {
        let (root, scope) = (Path::Root, self.scope(&[], false, &[]));
        let path = root.field("unmatched");
        let path = path.field("respond");
        let respond = Respond::compile(written, "postern_no_route", &scope, &path, errors)?;
        Some(Unmatched::Respond(respond, self.parts.facts.take()))
    }
}

impl Respond {
    pub(in crate::policy) fn compile(
        written: &config::Respond,
        details: &'static str,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let mut respond = Self {
            fixed: Response {
                status: written.status,
                headers: Vec::new(),
                body: Text::Static(b""),
                grpc_status: None,
                details: details.into(),
            },
            headers: Vec::new(),
            bodies: Vec::new(),
        };
        let content_type = respond.add_headers(written, scope, path, errors);
        let body = written.body.as_deref().unwrap_or_default();
        if !body.is_empty() {
            let at = path.field("body");
            let content_type = content_type.as_deref();
            let body = Body::compile(content_type.unwrap_or(TEXT), body, scope, &at, errors)?;
            let is_fixed = matches!(body.pieces.as_slice(), [] | [BodyPiece::Literal(_)]);
            if let (true, Some(BodyPiece::Literal(text))) = (is_fixed, body.pieces.first()) {
                respond.fixed.body = text.clone();
            } else {
                respond.bodies.push(body);
            }
            if content_type.is_none() && is_fixed {
                respond.add("content-type", TEXT);
            }
        }
        respond.add_bodies(written, scope, &path.field("bodies"), errors);
        Some(respond)
    }

    fn add(&mut self, name: &'static str, value: impl Into<Text>) {
        self.fixed.headers.push((name.into(), value.into()));
    }

    /// Adds the header fields, and returns the content type among them.
    fn add_headers(
        &mut self,
        written: &config::Respond,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<String> {
        let mut content_type = None;
        let path = path.field("headers");
        for field in &written.headers {
            let at = path.field(&field.name);
            let is_type = field.name == "content-type";
            if is_type && written.bodies.is_some() {
                let reason = "each of `bodies` has its own content type";
                errors.suggest(&at, reason, "remove this one");
            } else if field.name == "retry-after" && written.retry_after.is_some() {
                let reason = "`retryAfter` writes this header";
                errors.suggest(&at, reason, "leave one of them out");
            }
            let Some(value) = scope.template(&field.value, &at, errors) else {
                continue;
            };
            let name = Text::shared(field.name.as_bytes());
            match value.literal() {
                Some(literal) => {
                    if is_type {
                        content_type = Some(String::from_utf8_lossy(&literal).into_owned());
                    }
                    self.fixed.headers.push((name, literal));
                }
                None if is_type => {
                    let reason = "a content type has no variables: it says how values are escaped";
                    errors.suggest(&at, reason, "write `bodies`, which `Accept` chooses from");
                }
                None => self.headers.push((name, value)),
            }
        }
        if let Some(after) = written.retry_after {
            // Rounded up: a client that comes too early would be refused again.
            let more = u64::from(after.subsec_nanos() > 0);
            let seconds = after.as_secs().saturating_add(more).to_string();
            self.add("retry-after", seconds.into_bytes());
        }
        content_type
    }

    fn add_bodies(
        &mut self,
        written: &config::Respond,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let bodies = written.bodies.as_deref().unwrap_or_default();
        for (index, written) in bodies.iter().enumerate() {
            let path = path.index(index);
            let at = path.field("body");
            let Some(body) =
                Body::compile(&written.content_type, &written.body, scope, &at, errors)
            else {
                continue;
            };
            if body.media.0.is_empty() {
                let at = path.field("contentType");
                errors.suggest(&at, "not a media type", "write `text/html; charset=utf-8`");
            } else if self.bodies.iter().any(|other| other.media == body.media) {
                let reason = "an earlier body has this media type, and parameters don't count";
                errors.push(&path.field("contentType"), reason);
            }
            self.bodies.push(body);
        }
        if bodies.len() > 1 {
            // Caches have to know (RFC 9110 §12.5.5).
            let mut fields = self.fixed.headers.iter_mut();
            match fields.find(|(name, _)| **name == *b"vary") {
                Some((_, value)) => *value = [&**value, b", accept"].concat().into(),
                None => self.add("vary", "accept"),
            }
        }
    }
}

impl Body {
    fn compile(
        content_type: &str,
        body: &str,
        scope: &Scope<'_>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let media = media(content_type);
        let template = scope.template(body, path, errors)?;
        let mut texts = BodyTexts::new(&media.1);
        let mut pieces = Vec::with_capacity(template.0.len());
        for piece in template.0 {
            if let ValuePiece::Literal(text) = piece {
                texts.pass(&text);
                pieces.push(BodyPiece::Literal(text));
                continue;
            }
            let text = match texts.value() {
                Ok(text) => text,
                Err((reason, None)) => {
                    errors.push(path, reason);
                    return None;
                }
                Err((reason, Some(suggestion))) => {
                    errors.suggest(path, reason, suggestion);
                    return None;
                }
            };
            pieces.push(BodyPiece::Value(piece, text));
        }
        Some(Self {
            content_type: Text::shared(content_type.as_bytes()),
            media,
            pieces,
        })
    }
}
