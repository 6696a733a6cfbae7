//! Plain HTTP: one path of a cluster answers with the document.

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
use crate::source::path::{PathError, PathTemplate, absolute};
use crate::source::{ContentFormat, Format, ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::login::Login;
use super::protocol::{DocumentStatus, Exchange, Next};

pub use content::{ContentError, HttpContent};
pub use oauth2::OAuth2Client;
pub(in crate::source) use validators::read;
pub(super) use validators::{ask, validators_text};

/// One path that is read by `GET` or `POST`. A `GET` is conditional if a validator is known (RFC 9110 §13.1).
#[derive(Debug)]
pub struct HttpProtocol {
    endpoint: Endpoint,
    path: RequestPath,
    format: Format,
    /// What is posted; `None` for a `GET`.
    content: Option<HttpContent>,
    login: Option<Arc<OAuth2Client>>,
}

/// What the requests name.
#[derive(Debug)]
enum RequestPath {
    Fixed(Text),
    /// That of each entry.
    ByKey(PathTemplate),
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

    const fn at(endpoint: Endpoint, path: RequestPath, format: Format) -> Self {
        Self {
            endpoint,
            path,
            format,
            content: None,
            login: None,
        }
    }

    /// The same by `POST` of this content.
    #[must_use]
    pub fn posting(mut self, content: HttpContent) -> Self {
        self.content = Some(content);
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
            RequestPath::ByKey(_) => "/".into(),
        };
        let Some(content) = &self.content else {
            let mut callout = self.endpoint.request("GET", path);
            ask(&mut callout, self.format.media_type(), known);
            return callout;
        };
        let mut callout = self.endpoint.request("POST", path);
        // A condition that fails is answered by 412, without the document (RFC 9110 §13.1.2).
        ask(&mut callout, self.format.media_type(), &Version::default());
        callout.body = content.text();
        callout
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
        let status = read(reply, &self.endpoint);
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
            (DocumentStatus::Same, _) if self.content.is_some() => {
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
        };
        let content = self.content.as_ref().map(|content| content.fill(key));
        Ok(Self {
            endpoint: self.endpoint.clone(),
            path: RequestPath::Fixed(path),
            format: self.format,
            content: content.transpose()?,
            login: self.login.clone(),
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
