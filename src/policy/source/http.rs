//! Sources of the kind `http`.

mod by_template;

use crate::config::{self, ConfigErrors, HttpBody, Path};
use crate::http::{Endpoint, Text, base64};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::environment::{Environment, secret};
use crate::secret::Secret;
use crate::source::{
    ClientAuthentication, Format, HttpAnswers, HttpContent, HttpProtocol, OAuth2Client, PathError,
    Protocol,
};

use super::format::content_format;
use super::request::RequestTexts;
use super::{SourceKind, fetched};

const JSON: &str = "application/json";

const FORM: &str = "application/x-www-form-urlencoded";

/// Compiles a watched document, or entries on demand; and the requests, where the values of an exchange make them.
pub(super) fn compile(
    source: &config::Source,
    written: &config::HttpSource,
    mut definition: Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<(SourceKind, Option<Box<RequestTexts>>)> {
    refuse_headers(written, &at.field("headers"), errors);
    if written.is_by_template() && source.on_demand.is_some() {
        return by_template::compile(source, written, definition, environment, at, errors);
    }
    by_template::refuse(written, source.on_demand.as_ref(), at, errors);
    let endpoint = with_headers(written, &written.service.headers, environment, at, errors)?;
    definition.add(b"http");
    definition.add(written.path.as_bytes());
    definition.endpoint(&endpoint);
    let content = content(written, at, errors)?;
    if content.is_some() {
        definition.add(b"POST");
        definition.add(text_of(written).unwrap_or_default().as_bytes());
    }
    let format = Format::Content(content_format(written.format));
    let protocol = if source.on_demand.is_some() && written.path.contains("${key}") {
        HttpProtocol::entries(endpoint, &written.path, format)
    } else {
        HttpProtocol::new(endpoint, &written.path, format)
    };
    let refuse = |error: PathError| errors.push(&at.field("path"), error.to_string());
    let mut protocol = protocol.map_err(refuse).ok()?;
    if let Some(content) = content {
        protocol = protocol.posting(content);
    }
    let protocol = complete(protocol, written, &mut definition, environment, at, errors)?;
    let kind = fetched(Protocol::Http(protocol), format, source, definition);
    Some((kind, None))
}

/// Adds the login, and what statuses say.
fn complete(
    mut protocol: HttpProtocol,
    written: &config::HttpSource,
    definition: &mut Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<HttpProtocol> {
    if written.ok.is_some() || written.missing.is_some() {
        let answers = answers(written, at, errors);
        definition.add(format!("{answers:?}").as_bytes());
        protocol = protocol.answering(answers);
    }
    if let Some(login) = &written.login {
        let at = at.field("login");
        let at = at.field("oauth2");
        let login = oauth2(&login.oauth2, definition, environment, &at, errors)?;
        protocol = protocol.with_login(login);
    }
    Some(protocol)
}

/// What statuses say.
fn answers(written: &config::HttpSource, at: &Path<'_>, errors: &mut ConfigErrors) -> HttpAnswers {
    let ok = written.ok.clone().unwrap_or_else(|| vec![200]);
    let usual = || [404, 410].into_iter().filter(|status| !ok.contains(status));
    let missing = written.missing.clone();
    let missing = missing.unwrap_or_else(|| usual().collect());
    let at = at.field("missing");
    if missing.iter().any(|status| ok.contains(status)) {
        errors.push(&at, "a status is in `ok` too");
    }
    let is_refusal = ok.iter().chain(&missing).any(|status| *status == 401);
    if written.login.is_some() && is_refusal {
        errors.push(&at, "with a `login`, a 401 says that its token is refused");
    }
    HttpAnswers { ok, missing }
}

/// The content, where it is written as text.
fn text_of(written: &config::HttpSource) -> Option<&str> {
    match &written.body {
        Some(HttpBody::Text(text)) => Some(text),
        Some(HttpBody::Json(_) | HttpBody::Form(_)) | None => None,
    }
}

/// The endpoint, with these headers, and those that other fields than `headers` stand for.
fn with_headers(
    written: &config::HttpSource,
    headers: &[config::Named<config::TextOrEnv>],
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Endpoint> {
    let address = config::Endpoint {
        headers,
        ..written.endpoint()
    };
    let endpoint = endpoint(address, environment, at, errors);
    let authorization = match (&written.basic, &written.bearer) {
        (Some(credentials), _) => {
            Some(basic(credentials, environment, &at.field("basic"), errors)?)
        }
        (None, Some(token)) => {
            let token = secret(token, environment, &at.field("bearer"), errors)?;
            Some(Secret::new([b"Bearer ", token.expose()].concat()))
        }
        (None, None) => None,
    };
    let has_type = headers.iter().any(|header| header.name == "content-type");
    let usual = match written.body {
        Some(HttpBody::Form(_)) => FORM,
        Some(HttpBody::Text(_) | HttpBody::Json(_)) | None => JSON,
    };
    let content_type =
        (written.body.is_some() && !has_type).then(|| Secret::new(usual.as_bytes().to_vec()));
    if authorization.is_none() && content_type.is_none() {
        return Some(endpoint);
    }
    let mut headers: Vec<(Text, Secret)> = endpoint.headers().to_vec();
    headers.extend(authorization.map(|value| ("authorization".into(), value)));
    headers.extend(content_type.map(|value| ("content-type".into(), value)));
    Some(endpoint.with_headers(headers))
}

pub(super) fn basic(
    written: &config::BasicCredentials,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    let password = secret(
        &written.password,
        environment,
        &at.field("password"),
        errors,
    )?;
    basic_credentials(&written.username, &password, &at.field("username"), errors)
}

/// The value of `authorization` for HTTP Basic (RFC 7617 §2). `at` is the field of the name.
pub(super) fn basic_credentials(
    name: &str,
    password: &Secret,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Secret> {
    if name.contains(':') {
        errors.push(at, "must have no `:`");
        return None;
    }
    let pair = [name.as_bytes(), b":", password.expose()].concat();
    Some(Secret::new([b"Basic ", base64(&pair).as_bytes()].concat()))
}

/// What is posted. `None` for a `GET`.
fn content(
    written: &config::HttpSource,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<Option<HttpContent>> {
    let body = text_of(written);
    let at = at.field("body");
    if matches!(written.method, config::HttpSourceMethod::Get) {
        if body.is_some() {
            errors.suggest(&at, "a `GET` has no content", "add `method: POST`");
            return None;
        }
        return Some(None);
    }
    let body = body.unwrap_or_default();
    if !body.contains("${key}") {
        return Some(Some(HttpContent::new(body)));
    }
    let mut headers = written.service.headers.iter();
    let content_type = headers.find(|header| header.name == "content-type");
    let content_type = content_type.map_or(Some(JSON.as_bytes()), |header| match &header.value {
        config::TextOrEnv::Text(text) => Some(text.expose()),
        config::TextOrEnv::Env(_) => None,
    });
    let media_type = content_type
        .unwrap_or_default()
        .split(|byte| *byte == b';')
        .next();
    let media_type = media_type.unwrap_or_default().trim_ascii();
    let content = if media_type.eq_ignore_ascii_case(JSON.as_bytes()) {
        HttpContent::json(body)
    } else if media_type.eq_ignore_ascii_case(FORM.as_bytes()) {
        HttpContent::form(body)
    } else {
        let reason =
            "`${key}` can be escaped in JSON and in a form only, and the `content-type` is neither";
        errors.push(&at, reason);
        return None;
    };
    content
        .map(Some)
        .map_err(|error| errors.push(&at, error.to_string()))
        .ok()
}

/// The login, which is added to the definition.
fn oauth2(
    written: &config::OAuth2Login,
    definition: &mut Definition,
    environment: &dyn Environment,
    at: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<OAuth2Client> {
    let headers = at.field("headers");
    for header in &written.service.headers {
        let is_own = matches!(
            (header.name.as_str(), written.client_authentication),
            ("content-type" | "accept", _) | ("authorization", config::ClientSecretBy::Basic)
        );
        if is_own {
            refuse(&headers.field(&header.name), "remove it", errors);
        }
    }
    let endpoint = endpoint(written.endpoint(), environment, at, errors);
    let client_secret = secret(
        &written.client_secret,
        environment,
        &at.field("clientSecret"),
        errors,
    )?;
    let parameters = [
        ("scope", &written.scope),
        ("audience", &written.audience),
        ("resource", &written.resource),
    ];
    let parameters = parameters.iter();
    let parameters: Vec<(&str, &str)> = parameters
        .filter_map(|(name, value)| Some((*name, value.as_deref()?)))
        .collect();
    definition.add(b"oauth2");
    definition.endpoint(&endpoint);
    // Entries on demand share the login, and so its timeout.
    let shared = format!(
        "{:?} {parameters:?} {:?}",
        written.client_authentication, written.service.timeout
    );
    for part in [&shared, &written.path, &written.client_id] {
        definition.add(part.as_bytes());
    }
    definition.add(client_secret.expose());
    let (id, secret) = (written.client_id.as_str().into(), client_secret);
    let client = match written.client_authentication {
        config::ClientSecretBy::Basic => ClientAuthentication::Basic { id, secret },
        config::ClientSecretBy::Post => ClientAuthentication::Post { id, secret },
    };
    let refuse = |error: PathError| errors.push(&at.field("path"), error.to_string());
    OAuth2Client::new(endpoint, &written.path, &client, &parameters)
        .map_err(refuse)
        .ok()
}

/// Refuses a header that the request has already.
fn refuse_headers(written: &config::HttpSource, at: &Path<'_>, errors: &mut ConfigErrors) {
    let credentials = [
        (written.basic.is_some(), "remove it, or `basic`"),
        (written.bearer.is_some(), "remove it, or `bearer`"),
        (written.login.is_some(), "remove it, or `login`"),
    ];
    let other = credentials.iter().find(|(is_written, _)| *is_written);
    let is_own = |header: &&config::Named<config::TextOrEnv>| header.name == "authorization";
    if let Some((header, (_, suggestion))) = written.service.headers.iter().find(is_own).zip(other)
    {
        refuse(&at.field(&header.name), suggestion, errors);
    }
}

fn refuse(at: &Path<'_>, suggestion: &str, errors: &mut ConfigErrors) {
    errors.suggest(at, "the request has this header already", suggestion);
}
