//! Eureka: the instances of an application, read by plain HTTP. There are no conditional requests, and an answer has times that
//! change although nothing has. So a document of what matters is made of each answer, and its bytes tell whether it is a new one.

mod instance;
#[cfg(test)]
mod tests;

use crate::http::{Callout, CalloutError, Endpoint, Reply};
use crate::source::path::PathError;
use crate::source::{Format, ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::format::Decode;
use super::http::{HttpProtocol, HttpSession};
use super::json::JsonReader;
use super::protocol::{DocumentStatus, Exchange, Next};

use instance::application;

/// One application, or one for each key.
#[derive(Debug)]
pub struct EurekaProtocol(HttpProtocol);

impl EurekaProtocol {
    /// The application at this path.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(endpoint: Endpoint, path: &str) -> Result<Self, PathError> {
        HttpProtocol::new(endpoint, path, Format::JSON).map(Self)
    }

    /// The applications at `path`, which holds `${key}` once.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn entries(endpoint: Endpoint, path: &str) -> Result<Self, PathError> {
        HttpProtocol::entries(endpoint, path, Format::JSON).map(Self)
    }
}

/// The document in an answer. An answer has a mebibyte at most, so it is read in one go.
fn document(body: &[u8]) -> Result<Vec<u8>, SourceError> {
    let answer = JsonReader::default().parse(body)?;
    let none = || SourceError::Malformed("the answer is no application of Eureka".into());
    let document = application(answer).ok_or_else(none)?;
    Ok(document.to_string().into_bytes())
}

impl Exchange for EurekaProtocol {
    type Session = HttpSession;

    fn endpoint(&self) -> &Endpoint {
        self.0.endpoint()
    }

    fn start(&self, session: &mut HttpSession, _: &Version, now: Timestamp) -> Callout {
        // Nothing is known that the server could compare.
        self.0.start(session, &Version::default(), now)
    }

    fn reply(
        &self,
        session: &mut HttpSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let next = self.0.reply(session, reply, now);
        let Next::Done(DocumentStatus::Changed { body, .. }) = next else {
            return next;
        };
        Next::Done(match document(&body) {
            Ok(body) => DocumentStatus::Changed {
                body,
                version: Version::default(),
                is_older: false,
            },
            Err(error) => DocumentStatus::Broken(error),
        })
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        self.0.for_key(key).map(Self)
    }
}
