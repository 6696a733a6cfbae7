//! The request that a source on demand sends for one entry.

use std::fmt;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::path::{PathError, PathTemplate, absolute, has_reserved_byte};
use crate::source::{Document, DocumentStatus, Format, SourceError, Version, centre, weight};
use crate::time::Timestamp;

use super::introspection::{self, ClientAuthentication, IntrospectionForm};
use super::reply::{EntryReply, Revision};
use super::state::ReadRefusal;

/// A request by template: a `GET` of a path with the variable `${key}`, or a question about a token (RFC 7662). Two requests with
/// one [cache key](Arguments::cache_key) are the same request, and share its answer.
#[derive(Debug)]
pub struct RequestTemplate {
    endpoint: Endpoint,
    form: RequestForm,
}

/// How the key of an entry gets into its request, and what its reply says.
#[derive(Debug)]
enum RequestForm {
    /// By the path.
    Get(PathTemplate, Format),
    /// As a token in the content.
    Introspection(IntrospectionForm),
}

/// The values of the variables of a [`RequestTemplate`] in one request.
/// `Debug` shows none of them.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    key: &'a [u8],
    may_divide: bool,
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
        }
    }

    /// The key may become several segments of the path, separated by `/`.
    #[must_use]
    pub const fn path(key: &'a [u8]) -> Self {
        Self {
            key,
            may_divide: true,
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
    /// A `GET` of `path`, which holds `${key}` once; the answers are in this format.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(endpoint: Endpoint, path: &str, format: Format) -> Result<Self, PathError> {
        let path = PathTemplate::compile(path)?;
        let form = RequestForm::Get(path, format);
        Ok(Self { endpoint, form })
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
            endpoint,
            form: RequestForm::Introspection(form),
        })
    }

    /// The endpoint of the request.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Whether an older document is used while a newer one is asked for. An older answer about a token isn't: the token may have
    /// been revoked since.
    pub(super) const fn answers_while_it_asks(&self) -> bool {
        matches!(self.form, RequestForm::Get(..))
    }

    /// Refuses a key that has to be one segment and holds one of `/ \ ? # %`. No entry has such a key, because a proxy
    /// before the source might unescape it.
    pub(super) fn check(&self, arguments: &Arguments<'_>) -> Result<(), ReadRefusal> {
        let RequestForm::Get(path, _) = &self.form else {
            return Ok(());
        };
        let is_segment = !arguments.may_divide && path.has_key_in_segments();
        if is_segment && has_reserved_byte(arguments.key) {
            return Err(ReadRefusal::ReservedByte);
        }
        Ok(())
    }

    /// The request, conditional where `known` is not empty. The key is percent-encoded.
    ///
    /// # Errors
    /// [`ReadRefusal::UnfitKey`].
    pub fn fill(
        &self,
        arguments: &Arguments<'_>,
        cached: &Version,
    ) -> Result<Callout, ReadRefusal> {
        match &self.form {
            RequestForm::Get(path, format) => {
                let path = path.fill(arguments.key).ok_or(ReadRefusal::UnfitKey)?;
                let mut callout = self.endpoint.request("GET", path);
                centre::conditional(&mut callout, *format, cached);
                Ok(callout)
            }
            RequestForm::Introspection(form) => Ok(form.fill(&self.endpoint, arguments.key)),
        }
    }

    /// Reads a reply.
    pub(super) fn read(&self, reply: Result<Reply, CalloutError>, now: Timestamp) -> EntryReply {
        match &self.form {
            RequestForm::Get(_, format) => self.read_document(reply, *format),
            RequestForm::Introspection(_) => introspection::read(reply, &self.endpoint, now),
        }
    }

    fn read_document(&self, reply: Result<Reply, CalloutError>, format: Format) -> EntryReply {
        match centre::read(reply, &self.endpoint) {
            DocumentStatus::Changed { body, version, .. } => {
                match Document::parse(&body, self.endpoint.max_bytes(), format) {
                    Ok(document) => EntryReply::Found(Revision {
                        weight: weight(document.value()),
                        document,
                        version,
                        expires: None,
                    }),
                    Err(error) => EntryReply::Failed(error),
                }
            }
            DocumentStatus::Same => EntryReply::Same,
            DocumentStatus::Missing => EntryReply::Missing,
            DocumentStatus::Refused(status) => EntryReply::Failed(SourceError::Refused(status)),
            DocumentStatus::Broken(error) => EntryReply::Failed(error),
        }
    }
}
