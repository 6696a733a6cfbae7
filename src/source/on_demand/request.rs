//! The request that a source on demand sends for one entry.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::answer_headers::forbids_to_remember;
use crate::source::centre::{MAX_CALLOUTS, Session};
use crate::source::client_authentication::ClientAuthentication;
use crate::source::path::{PathError, absolute, has_reserved_byte};
use crate::source::{
    AnswerHeaders, DocumentStatus, Format, Next, Protocol, ReadRefusal, SourceError, Version,
    weight,
};
use crate::time::Timestamp;

use super::EntryAnswer;
use super::introspection::{self, IntrospectionForm};
use super::reply::{EntryReply, Revision, Storage};

/// A request by template: a [`Protocol`] with the variable `${key}`, or a question about a token (RFC 7662). Two requests with
/// one [cache key](Arguments::cache_key) are the same request, and share its answer.
#[derive(Debug)]
pub struct RequestTemplate {
    form: RequestForm,
    /// The names of the header fields that are kept of answers, in lower case.
    kept: Vec<Box<str>>,
    /// Whether the credential in a request is a client's, and the gate has none of its own there.
    is_clients: bool,
}

/// How the key of an entry gets into its request, and what its reply says.
#[derive(Debug)]
enum RequestForm {
    /// By the protocol, in this format.
    Entry(Protocol, Format),
    /// As a token in the content.
    Introspection(Endpoint, IntrospectionForm),
}

/// The exchange for one entry.
#[derive(Debug)]
pub(super) struct EntryExchange {
    protocol: Protocol,
    session: Session,
    /// How many callouts there have been.
    callouts: u8,
}

/// The values of the variables of a [`RequestTemplate`] in one request.
/// `Debug` shows none of them.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    key: &'a [u8],
    may_divide: bool,
    /// The text of the whole request, if it was built.
    request: Option<&'a [u8]>,
}

impl fmt::Debug for Arguments<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Arguments(…)")
    }
}

impl<'a> Arguments<'a> {
    /// The key becomes one segment of the path.
    #[must_use]
    pub const fn segment(key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: false,
            request: None,
        }
    }

    /// The key may become several segments of the path, separated by `/`.
    #[must_use]
    pub const fn path(key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: true,
            request: None,
        }
    }

    /// A request that was built whole. `key` says which one it is: two requests that differ have two keys. See
    /// [`HttpProtocol::built`](crate::source::HttpProtocol::built).
    #[must_use]
    pub const fn request(text: &'a [u8], key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: true,
            request: Some(text),
        }
    }

    /// The key is a token, which stands in the content.
    #[must_use]
    pub const fn token(token: &'a [u8]) -> Self {
        Self::path(token)
    }

    /// The key under which the answer is remembered.
    #[must_use]
    pub const fn cache_key(&self) -> &'a [u8] {
        self.key
    }
}

impl RequestTemplate {
    /// What this protocol asks for the entry of a key; the answers are in this format.
    #[must_use]
    pub const fn new(protocol: Protocol, format: Format) -> Self {
        Self {
            form: RequestForm::Entry(protocol, format),
            kept: Vec::new(),
            is_clients: false,
        }
    }

    /// A question about a token at this path (RFC 7662 §2.1). Its document is an active token's answer.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn introspection(
        endpoint: Endpoint,
        path: &str,
        client: &ClientAuthentication,
    ) -> Result<Self, PathError> {
        let form = IntrospectionForm::new(absolute(path)?, client);
        Ok(Self {
            form: RequestForm::Introspection(endpoint, form),
            kept: Vec::new(),
            is_clients: false,
        })
    }

    /// Whether answers say something by their header fields. Those of a config centre are its server's own.
    #[must_use]
    pub(crate) const fn has_headers(&self) -> bool {
        matches!(self.form, RequestForm::Entry(Protocol::Http(_), _))
    }

    /// Keeps this header field of answers, in lower case. Returns whether it was not kept before.
    pub fn keep_header(&mut self, name: &str) -> bool {
        let is_new = !self.kept.iter().any(|own| **own == *name);
        if is_new {
            self.kept.push(name.into());
        }
        is_new
    }

    /// Notes that credentials of clients are sent. Returns whether a refusal is of those from now on, and was not before.
    pub fn send_credentials(&mut self) -> bool {
        let is_clients = matches!(&self.form, RequestForm::Entry(Protocol::Http(protocol), _) if !protocol.has_own_credentials());
        !std::mem::replace(&mut self.is_clients, is_clients) && is_clients
    }

    /// Whether this reply is remembered if it is an answer.
    pub(super) fn storage(&self, reply: &Result<Reply, CalloutError>) -> Storage {
        match reply {
            Ok(reply) if self.has_headers() && forbids_to_remember(reply) => Storage::Forget,
            Ok(_) | Err(_) => Storage::Remember,
        }
    }

    /// The longest time that one callout may take.
    #[must_use]
    pub fn longest_callout(&self) -> Duration {
        match &self.form {
            RequestForm::Entry(protocol, _) => protocol.longest_callout(),
            RequestForm::Introspection(endpoint, _) => endpoint.timeout(),
        }
    }

    /// Whether an older document is used while a newer one is asked for. An older answer about a token isn't: the token may have
    /// been revoked since.
    pub(super) const fn answers_while_it_asks(&self) -> bool {
        matches!(self.form, RequestForm::Entry(..))
    }

    /// Whether requests are built of a client's request. Then the service may refuse what the client sent, not the gate.
    pub(super) const fn is_built(&self) -> bool {
        matches!(&self.form, RequestForm::Entry(Protocol::Http(protocol), _) if protocol.is_built())
    }

    /// Refuses a key that has to be one segment and holds one of `/ \ ? # %`. No entry has such a key, because a proxy
    /// before the source might unescape it.
    pub(super) fn check(&self, arguments: &Arguments<'_>) -> Result<(), ReadRefusal> {
        let RequestForm::Entry(protocol, _) = &self.form else {
            return Ok(());
        };
        let is_segment = !arguments.may_divide && protocol.has_key_in_segments();
        if is_segment && has_reserved_byte(arguments.key) {
            return Err(ReadRefusal::ReservedByte);
        }
        Ok(())
    }

    /// Whether the next entry begins with a login. `session` is what all entries of a source share.
    pub(super) fn needs_login(&self, session: &mut Session, now: Timestamp) -> bool {
        match &self.form {
            RequestForm::Entry(protocol, _) => protocol.needs_login(session, now),
            RequestForm::Introspection(..) => false,
        }
    }

    /// The first callout, conditional where `known` is not empty, and the exchange if it may take several.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`], [`ReadRefusal::ReservedByte`].
    pub(super) fn start(
        &self,
        arguments: &Arguments<'_>,
        known: &Version,
        session: &mut Session,
        now: Timestamp,
    ) -> Result<(Callout, Option<Box<EntryExchange>>), ReadRefusal> {
        let (protocol, mut session) = match &self.form {
            RequestForm::Entry(protocol, _) => {
                let own = match (protocol, arguments.request) {
                    (Protocol::Http(http), Some(text)) => Protocol::Http(http.for_request(text)?),
                    (protocol, _) => protocol.for_key(arguments.key)?,
                };
                (own, protocol.lend(session))
            }
            RequestForm::Introspection(endpoint, form) => {
                return Ok((form.fill(endpoint, arguments.key), None));
            }
        };
        let callout = protocol.start(&mut session, known, now);
        let exchange = EntryExchange {
            protocol,
            session,
            callouts: 1,
        };
        Ok((callout, Some(Box::new(exchange))))
    }

    /// Reads a reply.
    pub(super) fn read(
        &self,
        exchange: Option<&mut EntryExchange>,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> EntryReply {
        match (&self.form, exchange) {
            (RequestForm::Entry(_, format), Some(exchange)) => {
                let headers = match &reply {
                    Ok(reply) if !self.kept.is_empty() => AnswerHeaders::read(reply, &self.kept),
                    Ok(_) | Err(_) => Ok(AnswerHeaders::default()),
                };
                let read = exchange.read(reply, headers, *format, now);
                if let (EntryReply::Failed(SourceError::Refused(status)), true) =
                    (&read, self.is_clients)
                {
                    return EntryReply::Failed(SourceError::ClientRefused(*status));
                }
                read
            }
            (RequestForm::Introspection(endpoint, _), _) => {
                introspection::read(reply, endpoint, now)
            }
            (RequestForm::Entry(..), None) => EntryReply::Failed(SourceError::Status(0)),
        }
    }
}

impl EntryExchange {
    fn read(
        &mut self,
        reply: Result<Reply, CalloutError>,
        headers: Result<AnswerHeaders, SourceError>,
        format: Format,
        now: Timestamp,
    ) -> EntryReply {
        let status = match self.protocol.reply(&mut self.session, reply, now) {
            Next::Send(_) if self.callouts >= MAX_CALLOUTS => {
                let reason = format!("it takes more than {MAX_CALLOUTS} callouts");
                return EntryReply::Failed(SourceError::Unusable(reason));
            }
            Next::Send(callout) => {
                self.callouts = self.callouts.saturating_add(1);
                return EntryReply::Send(callout);
            }
            Next::Done(status) => status,
        };
        match status {
            DocumentStatus::Changed { body, version, .. } => {
                let limit = self.protocol.endpoint().max_bytes();
                let answer =
                    headers.and_then(|headers| EntryAnswer::parse(&body, headers, limit, format));
                match answer {
                    Ok(answer) => EntryReply::Found(Revision {
                        weight: weight(answer.value()),
                        answer: Arc::new(answer),
                        version,
                        expires: None,
                    }),
                    Err(SourceError::Missing) => EntryReply::Missing,
                    Err(error) => EntryReply::Failed(error),
                }
            }
            DocumentStatus::Same => headers.map_or_else(EntryReply::Failed, EntryReply::Same),
            DocumentStatus::Missing => EntryReply::Missing,
            DocumentStatus::Refused(status) => EntryReply::Failed(SourceError::Refused(status)),
            DocumentStatus::Broken(error) => EntryReply::Failed(error),
        }
    }
}
