//! Plain HTTP: one path of a cluster answers with the document.

mod built;
mod content;
#[cfg(test)]
mod login_tests;
mod oauth2;
#[cfg(test)]
mod tests;
mod validators;

use std::sync::Arc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::secret::Secret;
use crate::source::path::{PathError, PathTemplate, absolute};
use crate::source::{ContentFormat, Format, ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::login::Login;
use super::protocol::{DocumentStatus, Exchange, Next};

use built::BuiltRequest;
use validators::read_as;

pub use content::{ContentError, HttpContent};
pub use oauth2::OAuth2Client;
pub(in crate::source) use validators::read;
pub(super) use validators::{ask, validators_text};

/// One path that is read by a request. A `GET` is conditional if a validator is known (RFC 9110 §13.1).
#[derive(Debug)]
pub struct HttpProtocol {
    endpoint: Endpoint,
    method: &'static str,
    path: RequestPath,
    /// The headers of this request alone. Some may be secrets.
    headers: Vec<(Text, Secret)>,
    format: Format,
    /// What is sent; `None` for a method without content.
    content: Option<HttpContent>,
    login: Option<Arc<OAuth2Client>>,
    answers: Option<Arc<HttpAnswers>>,
}

/// What statuses say, where it isn't the usual.
#[derive(Debug)]
pub struct HttpAnswers {
    /// Their content is the document.
    pub ok: Vec<u16>,
    /// There is no such document.
    pub missing: Vec<u16>,
}

/// What the requests name.
#[derive(Debug)]
enum RequestPath {
    Fixed(Text),
    /// That of each entry.
    ByKey(PathTemplate),
    /// That of a request that is built.
    Built,
}

/// What is remembered between two callouts.
#[derive(Debug, Default)]
pub(in crate::source) struct HttpSession {
    known: Version,
    login: Login,
    /// The login of the last callout.
    used: u32,
    /// Whether this exchange has given up a token: once is enough.
    has_retried: bool,
    /// Whether the next reply is that to a login.
    is_login: bool,
}

impl HttpProtocol {
    /// The document at `path`, with its query, in this format.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = RequestPath::Fixed(absolute(path)?);
        Ok(Self::at(endpoint, path, format))
    }

    /// The entries at `path`, which holds `${key}` once.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn entries(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = RequestPath::ByKey(PathTemplate::compile(path)?);
        Ok(Self::at(endpoint, path, format))
    }

    /// The documents that requests ask for which are built one by one.
    #[must_use]
    pub const fn built(endpoint: Endpoint, format: Format) -> Self {
        Self::at(endpoint, RequestPath::Built, format)
    }

    /// Whether its requests are built of a client's request.
    pub(in crate::source) const fn is_built(&self) -> bool {
        matches!(self.path, RequestPath::Built)
    }

    /// Whether the gate itself may have credentials there: a login, or a header field.
    pub(in crate::source) fn has_own_credentials(&self) -> bool {
        let is_other = |(name, _): &(Text, Secret)| **name != *b"content-type";
        self.login.is_some() || self.endpoint.headers().iter().any(is_other)
    }

    const fn at(endpoint: Endpoint, path: RequestPath, format: Format) -> Self {
        Self {
            endpoint,
            method: "GET",
            path,
            headers: Vec::new(),
            format,
            content: None,
            login: None,
            answers: None,
        }
    }

    /// The same by `POST` of this content.
    #[must_use]
    pub fn posting(mut self, content: HttpContent) -> Self {
        self.method = "POST";
        self.content = Some(content);
        self
    }

    /// The same with these meanings of statuses.
    #[must_use]
    pub fn answering(mut self, answers: HttpAnswers) -> Self {
        self.answers = Some(Arc::new(answers));
        self
    }

    /// The same with the token of this login on each request.
    #[must_use]
    pub fn with_login(mut self, login: OAuth2Client) -> Self {
        self.login = Some(Arc::new(login));
        self
    }

    /// The request for the document.
    fn request(&self, known: &Version) -> Callout {
        let path = match &self.path {
            RequestPath::Fixed(path) => path.clone(),
            // Only the exchange of one entry is started.
            RequestPath::ByKey(_) | RequestPath::Built => "/".into(),
        };
        let mut callout = self.endpoint.request(self.method, path);
        // For any other method a condition that fails is answered by 412, without the document (RFC 9110 §13.1.2).
        let nothing = Version::default();
        let known = if self.method == "GET" {
            known
        } else {
            &nothing
        };
        for (name, value) in &self.headers {
            let value = Text::Owned(value.expose().to_vec());
            callout.headers.push((name.clone(), value));
        }
        ask(&mut callout, self.format.media_type(), known);
        if let Some(content) = &self.content {
            callout.body = content.text();
        }
        callout
    }

    /// The protocol for a request of this text.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`]: the text is no request.
    pub(in crate::source) fn for_request(&self, text: &[u8]) -> Result<Self, ReadRefusal> {
        let request = BuiltRequest::read(text).ok_or(ReadRefusal::UnfitKey)?;
        let secret = |(name, value): (Text, Text)| (name, Secret::new(value.to_vec()));
        Ok(Self {
            endpoint: self.endpoint.clone(),
            method: request.method,
            path: RequestPath::Fixed(request.path),
            headers: request.headers.into_iter().map(secret).collect(),
            format: self.format,
            content: request.content.map(HttpContent::of_text),
            login: self.login.clone(),
            answers: self.answers.clone(),
        })
    }

    /// Whether the reply is a page for people, maybe of a proxy. JSON it can't be, but it may be good text, and even good YAML.
    fn is_page(&self, reply: &Result<Reply, CalloutError>) -> bool {
        let may_be_page =
            matches!(self.format, Format::Content(format) if format != ContentFormat::Json);
        let headers = reply.as_ref().ok().map(|reply| reply.headers.view());
        let media_type = headers.and_then(|headers| headers.first(b"content-type"));
        let begin = media_type.and_then(|value| value.get(..9));
        may_be_page && begin.is_some_and(|begin| begin.eq_ignore_ascii_case(b"text/html"))
    }

    /// The login, if one is needed, or else the request.
    fn next(&self, login: &OAuth2Client, session: &mut HttpSession, now: Timestamp) -> Callout {
        session.is_login = session.login.is_needed(now);
        if session.is_login {
            return login.request();
        }
        let mut callout = self.request(&session.known);
        session.used = session.login.number();
        if let Some(token) = session.login.token() {
            callout.headers.push(("authorization".into(), token));
        }
        callout
    }
}

impl Exchange for HttpProtocol {
    type Session = HttpSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut HttpSession, known: &Version, now: Timestamp) -> Callout {
        let Some(login) = &self.login else {
            return self.request(known);
        };
        session.known = known.clone();
        session.has_retried = false;
        self.next(login, session, now)
    }

    fn reply(
        &self,
        session: &mut HttpSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let login = self.login.as_ref();
        if let Some(login) = login.filter(|_| session.is_login) {
            return match login.read(reply) {
                Ok(token) => {
                    token.grant(&session.login, now);
                    Next::Send(self.next(login, session, now))
                }
                Err(error) => {
                    let error = SourceError::Login(Box::new(error));
                    Next::Done(DocumentStatus::Broken(error))
                }
            };
        }
        let is_page = self.is_page(&reply);
        let status = match &self.answers {
            Some(answers) => read_as(reply, &self.endpoint, &answers.ok, &answers.missing),
            None => read(reply, &self.endpoint),
        };
        match (status, login) {
            (DocumentStatus::Changed { .. }, _) if is_page => {
                let error = SourceError::Unusable("it is a page in HTML".into());
                Next::Done(DocumentStatus::Broken(error))
            }
            (DocumentStatus::Refused(401), Some(login))
                if !session.has_retried && session.login.give_up(session.used, now) =>
            {
                session.has_retried = true;
                Next::Send(self.next(login, session, now))
            }
            // Nothing was known that could be the same.
            (DocumentStatus::Same, _) if self.method != "GET" => {
                Next::Done(DocumentStatus::Broken(SourceError::Status(304)))
            }
            (status, _) => Next::Done(status),
        }
    }

    fn longest_callout(&self) -> Duration {
        let login = self.login.as_ref().map(|login| login.timeout());
        login.unwrap_or_default().max(self.endpoint.timeout())
    }

    fn version_text(&self, version: &Version) -> String {
        validators_text(version)
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        let path = match &self.path {
            RequestPath::Fixed(path) => path.clone(),
            RequestPath::ByKey(path) => path.fill(key).ok_or(ReadRefusal::UnfitKey)?,
            RequestPath::Built => return Err(ReadRefusal::UnfitKey),
        };
        let content = self.content.as_ref().map(|content| content.fill(key));
        Ok(Self {
            endpoint: self.endpoint.clone(),
            method: self.method,
            path: RequestPath::Fixed(path),
            headers: Vec::new(),
            format: self.format,
            content: content.transpose()?,
            login: self.login.clone(),
            answers: self.answers.clone(),
        })
    }

    fn has_key_in_segments(&self) -> bool {
        matches!(&self.path, RequestPath::ByKey(path) if path.has_key_in_segments())
    }

    fn lend(&self, session: &HttpSession) -> HttpSession {
        HttpSession {
            login: session.login.clone(),
            ..HttpSession::default()
        }
    }

    fn needs_login(&self, session: &HttpSession, now: Timestamp) -> bool {
        self.login.is_some() && session.login.is_needed(now)
    }
}
