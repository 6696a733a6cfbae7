//! Requests by template.

use crate::config::{self, ConfigErrors, Path};
use crate::http::Text;
use crate::policy::definition::Definition;
use crate::policy::environment::Environment;
use crate::policy::parsed_template::parsed;
use crate::policy::source::format::content_format;
use crate::policy::source::request::{RequestTexts, template_of};
use crate::policy::source::request_key;
use crate::policy::source::{KEY_BYTES, SourceKind, on_demand};
use crate::secret::Secret;
use crate::source::{Format, HttpProtocol, Protocol, RequestTemplate};
use crate::template::Template;

use super::{complete, text_of, with_headers};

/// The default of `maxKeyBytes` where the key is all values of the request.
const REQUEST_BYTES: usize = 16 << 10;

/// Compiles requests by template.
pub(super) fn compile(
    source: &config::Source,
    written: &config::HttpSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<(SourceKind, Option<Box<RequestTexts>>)> {
    let limits = source.on_demand.as_ref()?;
    let is_fixed =
        |header: &&config::Named<config::TextOrEnv>| template_of(&header.value).is_none();
    let fixed: Vec<_> = written
        .service
        .headers
        .iter()
        .filter(is_fixed)
        .cloned()
        .collect();
    let endpoint = with_headers(written, &fixed, environment, at, errors)?;
    let source_at = parent(at);
    let is_type = |(name, _): &&(Text, Secret)| **name == *b"content-type";
    let content_type = endpoint.headers().iter().find(is_type);
    let content_type = content_type.and_then(|(_, value)| std::str::from_utf8(value.expose()).ok());
    let mut texts = RequestTexts::compile(written, content_type, at, errors);
    if let Some(key) = &limits.key {
        let at = source_at.field("onDemand");
        let at = at.field("key");
        texts.key = parsed(key, &at, errors);
        request_key::check(&texts, &at, errors);
    }
    definition.add(b"http by template");
    definition.endpoint(&endpoint);
    definition.add(format!("{texts:?}").as_bytes());
    let format = Format::Content(content_format(written.format));
    definition.add(format!("{format:?}").as_bytes());
    let protocol = HttpProtocol::built(endpoint, format);
    let protocol = complete(protocol, written, &mut definition, environment, at, errors)?;
    let template = RequestTemplate::new(Protocol::Http(protocol), format);
    let most = if limits.key.is_some() {
        KEY_BYTES
    } else {
        REQUEST_BYTES
    };
    let kind = on_demand(template, limits, definition, most);
    Some((kind, Some(Box::new(texts))))
}

/// Refuses what only requests by template have.
pub(super) fn refuse(
    written: &config::HttpSource,
    on_demand: Option<&config::OnDemand>,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) {
    let mut only_there = |field: &str, reason: &str| {
        let suggestion = "such a source is `onDemand`, and its path, query, headers or body hold variables other than `${key}`";
        errors.suggest(&at.field(field), reason, suggestion);
    };
    let only = "only requests by template have this";
    if !written.query.is_empty() {
        only_there("query", only);
    }
    if !matches!(
        written.method,
        config::HttpSourceMethod::Get | config::HttpSourceMethod::Post
    ) {
        only_there("method", only);
    }
    if written.body.is_some() && text_of(written).is_none() {
        only_there("body", only);
    }
    let is_template = |header: &&config::Named<config::TextOrEnv>| {
        let text = template_of(&header.value).map(Template::parse);
        text.is_some_and(|text| text.is_ok_and(|text| !text.variables().is_empty()))
    };
    if let Some(header) = written.service.headers.iter().find(is_template) {
        only_there(
            "headers",
            &format!("the variable of `{}` has no meaning here", header.name),
        );
    }
    if on_demand.is_some_and(|on_demand| on_demand.key.is_some()) {
        let reason = "the lookups of this source say which entry they need";
        let suggestion = "remove it: each lookup has a `key`";
        errors.suggest(
            &parent(at).field("onDemand").field("key"),
            reason,
            suggestion,
        );
    }
}

/// The path of the source.
const fn parent<'p>(at: &'p Path<'p>) -> &'p Path<'p> {
    match at {
        Path::Field(parent, _) | Path::Index(parent, _) => parent,
        Path::Root => at,
    }
}
