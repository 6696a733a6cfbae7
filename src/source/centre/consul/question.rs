//! What all questions to Consul share: the index of an answer, and the *blocking query* by it. Consul holds such a question until
//! something has a greater index, or for `wait` and up to a sixteenth more.

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::source::centre::protocol::DocumentStatus;
use crate::source::centre::reply::body;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

/// What is remembered of the questions to one server.
#[derive(Debug, Default)]
pub(in crate::source) struct Asked {
    /// The index that is held; 0 if none is known.
    pub(super) known: u64,
    at: Timestamp,
    /// How long the server has held the last question.
    held: Duration,
    /// Whether the next question may be held. Not where the index may mean nothing any more, behind a failure or a lower index: the
    /// server may have started again with older data, and would hold the question although there is something to tell.
    may_hold: bool,
}

/// An answer of Consul.
pub(super) enum Answer {
    /// There is this content, and the index of it, if it is good for a blocking query.
    Content(Vec<u8>, Option<u64>),
    /// There is no such key.
    None(Option<u64>),
}

impl Asked {
    /// A new exchange begins; `known` is the version of the document that is held.
    pub(super) fn begin(&mut self, known: &Version, now: Timestamp) {
        self.known = index(known.token()).unwrap_or_default();
        self.at = now;
        self.held = Duration::ZERO;
    }

    /// The question at this path. With a `wait` the server holds it, if an index is known.
    pub(super) fn question(
        &mut self,
        endpoint: &Endpoint,
        path: &[u8],
        wait: Option<Duration>,
    ) -> Callout {
        let mut path = path.to_vec();
        let wait = wait.filter(|_| self.known > 0 && self.may_hold);
        if let Some(wait) = wait {
            let held = format!("&index={}&wait={}ms", self.known, wait.as_millis());
            path.extend_from_slice(held.as_bytes());
        }
        let mut callout = endpoint.request("GET", Text::Owned(path));
        callout.timeout = longest(endpoint, wait);
        callout
    }

    /// Notes that the first question of an exchange has this answer. Returns whether its index is lower than the known one.
    pub(super) fn note(&mut self, index: Option<u64>, now: Timestamp) -> bool {
        self.held = now.since(self.at);
        let is_older = index.is_some_and(|index| index < self.known);
        self.may_hold = !is_older;
        is_older
    }

    /// The exchange has failed.
    pub(super) const fn fail(&mut self) {
        self.may_hold = false;
    }

    /// How long to wait after a good answer: from one question to the next it is `refresh`, however fast the server answers.
    pub(super) fn pause(&self, refresh: Duration) -> Duration {
        refresh.saturating_sub(self.held)
    }
}

/// The longest time that one question may take.
pub(super) fn longest(endpoint: &Endpoint, wait: Option<Duration>) -> Duration {
    let wait = wait.unwrap_or_default();
    let more = wait.checked_div(16).unwrap_or_default();
    endpoint.timeout().saturating_add(wait).saturating_add(more)
}

/// The version of a document with this index.
pub(super) fn version(index: Option<u64>) -> Version {
    index.map_or_else(Version::default, |index| {
        Version::new(index.to_string().as_bytes())
    })
}

/// An index. 0 is none: a question by it would not be held.
fn index(text: &[u8]) -> Option<u64> {
    let index = std::str::from_utf8(text).ok()?.parse().ok()?;
    (index > 0).then_some(index)
}

/// Reads an answer with a document. `Err` is the end of the exchange.
pub(super) fn read(
    reply: Result<Reply, CalloutError>,
    endpoint: &Endpoint,
) -> Result<Answer, DocumentStatus> {
    // A document with holes in it may let in whom the missing part denies.
    let is_filtered = reply.as_ref().is_ok_and(|reply| {
        let headers = reply.headers.view();
        headers.first(b"x-consul-results-filtered-by-acls") == Some(b"true")
    });
    if is_filtered {
        return Err(DocumentStatus::Refused(403));
    }
    answer(reply, endpoint)
}

/// Reads an answer, which may have parts left out that the token may not read.
pub(super) fn answer(
    reply: Result<Reply, CalloutError>,
    endpoint: &Endpoint,
) -> Result<Answer, DocumentStatus> {
    let broken = |error: SourceError| DocumentStatus::Broken(error);
    let reply = reply.map_err(|error| broken(SourceError::Callout(error)))?;
    let status = reply.status().unwrap_or_default();
    let headers = reply.headers.view();
    let noted = headers.first(b"x-consul-index");
    match (status, noted) {
        // All of Consul's own answers about keys have the index. A page of a proxy doesn't.
        (200 | 404, Some(noted)) => {
            let index = index(noted);
            if status == 404 {
                return Ok(Answer::None(index));
            }
            let content = body(reply, endpoint.max_bytes()).map_err(broken)?;
            Ok(Answer::Content(content, index))
        }
        (200, None) => Err(broken(SourceError::Malformed(
            "the answer has no `X-Consul-Index`: it is none of Consul".into(),
        ))),
        (401 | 403, _) => Err(DocumentStatus::Refused(status)),
        _ => Err(broken(SourceError::Status(status))),
    }
}
