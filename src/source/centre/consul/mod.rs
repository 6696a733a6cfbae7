//! Consul's key/value store: the value of one key, or all keys below a prefix. Each answer has the whole document, so nothing has to
//! tell whether it is a new one but its bytes.

mod question;
mod spring;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text, base64};
use crate::source::path::{PathError, PathTemplate, absolute};
use crate::source::{ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};

use question::{Answer, longest, read, version};

pub(in crate::source) use question::Asked;

pub use spring::{SpringConsulForm, SpringConsulProtocol};

/// Which keys make the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsulKeys {
    /// One key: its value is the document.
    One,
    /// One key for each entry.
    Each,
    /// All keys that begin with a prefix.
    Below,
}

/// One key, or all keys below a prefix, read by `GET /v1/kv/…`.
#[derive(Debug)]
pub struct ConsulProtocol {
    endpoint: Endpoint,
    /// The path with its query.
    path: Text,
    /// The path of each entry.
    template: Option<PathTemplate>,
    /// What stands before the pairs in the document; empty where the document is the value of one key.
    opening: Box<[u8]>,
    wait: Option<Duration>,
}

impl ConsulProtocol {
    /// The document at a key or below a prefix. `name` is the key or the prefix, encoded as segments of a path, and `query` what the
    /// query says beside the form of the answer: nothing, or from `&` on.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn new(
        endpoint: Endpoint,
        keys: ConsulKeys,
        name: &str,
        query: &str,
    ) -> Result<Self, PathError> {
        let form = match keys {
            ConsulKeys::One | ConsulKeys::Each => "raw",
            ConsulKeys::Below => "recurse",
        };
        let path = format!("/v1/kv/{name}?{form}{query}");
        let (path, template) = match keys {
            // Only the exchange of one entry is started.
            ConsulKeys::Each => ("/".into(), Some(PathTemplate::compile(&path)?)),
            ConsulKeys::One | ConsulKeys::Below => (absolute(&path)?, None),
        };
        Ok(Self {
            endpoint,
            path,
            template,
            opening: Box::default(),
            wait: None,
        })
    }

    /// The same, where the document is of pairs, and `prefix` is what their keys begin with.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &str) -> Self {
        self.opening = opening(prefix.as_bytes());
        self
    }

    /// The same, where the server holds a question for so long.
    #[must_use]
    pub const fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }
}

/// What stands before the pairs of a document whose keys begin with this.
fn opening(prefix: &[u8]) -> Box<[u8]> {
    let prefix = base64(prefix);
    format!(r#"{{"prefix":"{prefix}","kvs":"#)
        .into_bytes()
        .into()
}

/// Makes an answer a document of pairs.
fn pairs(opening: &[u8], mut content: Vec<u8>, limit: usize) -> Result<Vec<u8>, SourceError> {
    content.splice(..0, opening.iter().copied());
    content.push(b'}');
    if content.len() > limit {
        return Err(SourceError::TooLarge { limit });
    }
    Ok(content)
}

impl Exchange for ConsulProtocol {
    type Session = Asked;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut Asked, known: &Version, now: Timestamp) -> Callout {
        session.begin(known, now);
        session.question(&self.endpoint, &self.path, self.wait)
    }

    fn reply(
        &self,
        session: &mut Asked,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let (content, index) = match read(reply, &self.endpoint) {
            Ok(Answer::Content(content, index)) => (content, index),
            Ok(Answer::None(index)) => {
                session.note(index, now);
                return Next::Done(DocumentStatus::Missing);
            }
            Err(status) => {
                session.fail();
                return Next::Done(status);
            }
        };
        let is_older = session.note(index, now);
        let content = if self.opening.is_empty() {
            Ok(content)
        } else {
            pairs(&self.opening, content, self.endpoint.max_bytes())
        };
        Next::Done(match content {
            Ok(body) => DocumentStatus::Changed {
                body,
                version: version(index),
                is_older,
            },
            Err(error) => DocumentStatus::Broken(error),
        })
    }

    fn longest_callout(&self) -> Duration {
        longest(&self.endpoint, self.wait)
    }

    fn pause(&self, session: &Asked, refresh: Duration) -> Duration {
        session.pause(refresh)
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        let template = self.template.as_ref().ok_or(ReadRefusal::UnfitKey)?;
        Ok(Self {
            endpoint: self.endpoint.clone(),
            path: template.fill(key).ok_or(ReadRefusal::UnfitKey)?,
            template: None,
            opening: Box::default(),
            wait: None,
        })
    }

    fn version_text(&self, version: &Version) -> String {
        format!("index {}", Version::shown(version.token()))
    }
}
