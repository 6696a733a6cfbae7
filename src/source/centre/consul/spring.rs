//! Spring Cloud Consul: an application's properties in several keys or folders of Consul, as a Spring application reads them. All of
//! them make one document. One that Consul doesn't have is empty.
//!
//! All of them are read each time. With a `wait` comes one question before, which Consul holds until anything changes below the
//! prefix that all of them have.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, percent_decode};
use crate::source::centre::protocol::{DocumentStatus, Exchange, Next};
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::question::{Answer, Asked, answer, longest, read, version};
use super::{opening, pairs};

/// What of an application stands in Consul.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpringConsulForm {
    /// The values of these keys are files.
    Files,
    /// The keys in these folders are properties.
    Folders,
}

/// The keys or folders of an application; of several values for one name the last one counts.
#[derive(Debug)]
pub struct SpringConsulProtocol {
    endpoint: Endpoint,
    form: SpringConsulForm,
    /// Encoded as segments of a path.
    names: Box<[Box<str>]>,
    /// What each query says beside the form of the answer: nothing, or from `&` on.
    query: Box<str>,
    /// The path of the question that is held, and for how long.
    held: Option<(Box<str>, Duration)>,
}

/// The state of an exchange.
#[derive(Default)]
pub(in crate::source) struct SpringConsulSession {
    asked: Asked,
    /// How many of the keys or folders are asked for; `None` while the question is held.
    step: Option<usize>,
    index: Option<u64>,
    is_older: bool,
    /// See [`PartsReader`](crate::source::centre::PartsReader).
    document: Vec<u8>,
}

impl fmt::Debug for SpringConsulSession {
    /// Without the contents.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("SpringConsulSession");
        shown.field("step", &self.step).finish_non_exhaustive()
    }
}

impl SpringConsulProtocol {
    /// What these keys or folders hold together. Names are encoded as segments of a path, and folders end with `/`; those later in the
    /// list count.
    #[must_use]
    pub fn new(
        endpoint: Endpoint,
        form: SpringConsulForm,
        names: Vec<Box<str>>,
        query: &str,
    ) -> Self {
        Self {
            endpoint,
            form,
            names: names.into(),
            query: query.into(),
            held: None,
        }
    }

    /// The same, where the server holds a question for so long, until anything changes below this prefix.
    #[must_use]
    pub fn with_wait(mut self, prefix: &str, wait: Option<Duration>) -> Self {
        let query = &self.query;
        // The names of what is below it, without what is below that.
        let path = format!("/v1/kv/{prefix}/?keys&separator=%2F{query}");
        self.held = wait.map(|wait| (path.into(), wait));
        self
    }

    /// The read of the key or folder that comes next; the document behind the last one.
    fn next(&self, session: &mut SpringConsulSession) -> Next {
        let at = session.step.unwrap_or_default();
        session.step = Some(at);
        let Some(name) = self.names.get(at) else {
            return Next::Done(finish(session));
        };
        Next::Send(self.part(name))
    }

    fn part(&self, name: &str) -> Callout {
        let form = match self.form {
            SpringConsulForm::Files => "raw",
            SpringConsulForm::Folders => "recurse",
        };
        let path = format!("/v1/kv/{name}?{form}{}", self.query);
        self.endpoint.request("GET", path.into_bytes().into())
    }

    /// Takes the content of a key or folder.
    fn take(
        &self,
        session: &mut SpringConsulSession,
        reply: Result<Reply, CalloutError>,
    ) -> Result<Next, DocumentStatus> {
        let broken = DocumentStatus::Broken;
        let at = session.step.unwrap_or_default();
        session.step = Some(at.saturating_add(1));
        let name = self.names.get(at).map_or("", |name| name);
        let limit = self.endpoint.max_bytes();
        match read(reply, &self.endpoint)? {
            Answer::None(_) => {}
            // An empty value is no file.
            Answer::Content(content, _) if content.is_empty() => {}
            Answer::Content(content, _) => {
                let content = match self.form {
                    SpringConsulForm::Files => content,
                    SpringConsulForm::Folders => {
                        pairs(&opening(&percent_decode(name.as_bytes())), content, limit)
                            .map_err(broken)?
                    }
                };
                let head = format!("{name} {}\n", content.len());
                session.document.extend_from_slice(head.as_bytes());
                session.document.extend_from_slice(&content);
                if session.document.len() > limit {
                    return Err(broken(SourceError::TooLarge { limit }));
                }
            }
        }
        Ok(self.next(session))
    }
}

/// The document at the end.
fn finish(session: &mut SpringConsulSession) -> DocumentStatus {
    let body = std::mem::take(&mut session.document);
    if body.is_empty() {
        return DocumentStatus::Missing;
    }
    DocumentStatus::Changed {
        body,
        version: version(session.index),
        is_older: session.is_older,
    }
}

impl Exchange for SpringConsulProtocol {
    type Session = SpringConsulSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut SpringConsulSession, known: &Version, now: Timestamp) -> Callout {
        session.asked.begin(known, now);
        session.document.clear();
        session.index = None;
        session.is_older = false;
        session.step = None;
        if let Some((path, wait)) = &self.held {
            let asked = &mut session.asked;
            return asked.question(&self.endpoint, path.as_bytes(), Some(*wait));
        }
        session.step = Some(0);
        let first = self.names.first().map_or("", |name| name);
        self.part(first)
    }

    fn reply(
        &self,
        session: &mut SpringConsulSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let next = if session.step.is_some() {
            self.take(session, reply)
        } else {
            // What it says beside the index doesn't matter.
            answer(reply, &self.endpoint).map(|answer| {
                let (Answer::Content(_, index) | Answer::None(index)) = answer;
                session.index = index;
                session.is_older = session.asked.note(index, now);
                self.next(session)
            })
        };
        next.unwrap_or_else(|status| {
            session.asked.fail();
            session.document = Vec::new();
            Next::Done(status)
        })
    }

    fn longest_callout(&self) -> Duration {
        longest(&self.endpoint, self.held.as_ref().map(|(_, wait)| *wait))
    }

    fn pause(&self, session: &SpringConsulSession, refresh: Duration) -> Duration {
        session.asked.pause(refresh)
    }

    fn version_text(&self, version: &Version) -> String {
        format!("index {}", Version::shown(version.token()))
    }
}
