//! Apollo by the API of its config service: a namespace of an application's cluster. Its state is the key of its release. The server can
//! hold a question, the *notification*, until there is a release.

mod answer;
mod reader;
mod session;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::{
    Callout, CalloutError, Endpoint, Reply, Text, is_unreserved, percent_encode_into,
};
use crate::secret::Secret;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;
use super::signature::{milliseconds, sign};
use answer::{is_of_changes, notification, release_key};
use session::{News, Question};

pub use reader::ApolloReader;

pub(in crate::source) use session::ApolloSession;

/// The longest answer to the question for notifications.
const MOST_SMALL: usize = 16 << 10;

/// A poll that ended sooner without a change was not held: the server, or what stands before it, doesn't poll long.
const LEAST_HELD: Duration = Duration::from_secs(5);

/// How long polls alone confirm a document: then it is read again, in case that a notification was lost. Apollo's own clients do so.
const LONGEST_UNREAD: Duration = Duration::from_secs(300);

/// Which namespace is read. Names have only the characters that Apollo allows: `[A-Za-z0-9_.-]`.
#[derive(Clone, Copy, Debug)]
pub struct ApolloNamespace<'a> {
    /// The ID of the application.
    pub app_id: &'a str,
    /// The application's cluster.
    pub cluster: &'a str,
    /// The namespace.
    pub namespace: &'a str,
    /// The gate's address for gray releases.
    pub ip: Option<&'a str>,
    /// The gate's label for gray releases.
    pub label: Option<&'a str>,
}

/// One namespace.
#[derive(Debug)]
pub struct ApolloProtocol {
    endpoint: Endpoint,
    app_id: Box<str>,
    /// `/configs/APP/CLUSTER/NAMESPACE`.
    path: Box<str>,
    /// Parameters of each read, with a `&` before each.
    parameters: Box<[u8]>,
    /// The beginning of the question for notifications.
    question: Box<str>,
    namespace: Box<str>,
    secret: Option<Secret>,
    long_poll: Option<Duration>,
}

impl ApolloProtocol {
    /// A namespace.
    #[must_use]
    pub fn new(endpoint: Endpoint, named: &ApolloNamespace<'_>) -> Self {
        let ApolloNamespace {
            app_id,
            cluster,
            namespace,
            ..
        } = *named;
        let mut parameters = Vec::new();
        for (name, value) in [("&ip=", named.ip), ("&label=", named.label)] {
            if let Some(value) = value {
                parameters.extend_from_slice(name.as_bytes());
                encode(&mut parameters, value.as_bytes());
            }
        }
        Self {
            endpoint,
            app_id: app_id.into(),
            path: format!("/configs/{app_id}/{cluster}/{namespace}").into(),
            parameters: parameters.into(),
            question: format!("/notifications/v2?appId={app_id}&cluster={cluster}&notifications=")
                .into(),
            namespace: namespace.into(),
            secret: None,
            long_poll: None,
        }
    }

    /// The same with the secret of the application's access key.
    #[must_use]
    pub fn with_secret(mut self, secret: Option<Secret>) -> Self {
        self.secret = secret;
        self
    }

    /// The same, where the server holds a question for so long, if it can.
    #[must_use]
    pub const fn with_long_poll(mut self, long_poll: Option<Duration>) -> Self {
        self.long_poll = long_poll;
        self
    }

    fn ask(&self, session: &mut ApolloSession, now: Timestamp) -> Callout {
        let path = match session.question {
            Question::Read | Question::ReadAll => self.read(session),
            Question::Poll => self.poll(session),
        };
        let signature = self.secret.as_ref().map(|secret| {
            let time = milliseconds(now);
            let signature = sign(secret, &[time.as_bytes(), b"\n", &path].concat());
            (format!("Apollo {}:{signature}", self.app_id), time)
        });
        let mut callout = self.endpoint.request("GET", Text::Owned(path));
        if let Some((signature, time)) = signature {
            for (name, value) in [("authorization", signature), ("timestamp", time)] {
                let value = Text::Owned(value.into_bytes());
                callout.headers.push((name.into(), value));
            }
        }
        if session.question == Question::Poll {
            callout.timeout = self.longest_callout();
            callout.max_bytes = MOST_SMALL;
        }
        callout
    }

    /// The path of a read, conditional where a release is known.
    fn read(&self, session: &ApolloSession) -> Vec<u8> {
        let mut query = Vec::new();
        if session.is_conditional() {
            query.extend_from_slice(b"&releaseKey=");
            encode(&mut query, session.known.token());
        }
        query.extend_from_slice(&self.parameters);
        if !session.messages.is_empty() {
            query.extend_from_slice(b"&messages=");
            encode(&mut query, session.messages.as_bytes());
        }
        if let Some(first) = query.first_mut() {
            *first = b'?';
        }
        [self.path.as_bytes(), &query].concat()
    }

    fn poll(&self, session: &ApolloSession) -> Vec<u8> {
        let id = session.notified.unwrap_or(-1);
        let namespace = &self.namespace;
        let asked = format!(r#"[{{"namespaceName":"{namespace}","notificationId":{id}}}]"#);
        let mut path = self.question.as_bytes().to_vec();
        encode(&mut path, asked.as_bytes());
        path
    }

    /// Reads the answer to a poll. `None`: the namespace is read next.
    fn polled(
        &self,
        session: &mut ApolloSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Option<DocumentStatus> {
        session.question = Question::Read;
        let before = session.notified;
        session.news = News::Nothing;
        // Where polls fail, the read says whether the server works.
        let reply = reply.ok()?;
        match reply.status() {
            Some(200) => {
                let answer = body(reply, MOST_SMALL).ok()?;
                let (id, messages) = notification(&answer)?;
                session.news = match before {
                    None => News::First,
                    Some(before) if before == id => News::Nothing,
                    Some(_) => News::Later,
                };
                session.notified = Some(id);
                session.messages = messages;
                None
            }
            Some(304) => {
                session.is_held = now.since(session.asked) >= LEAST_HELD;
                Some(DocumentStatus::Same)
            }
            Some(status @ (401 | 403)) => Some(DocumentStatus::Refused(status)),
            _ => None,
        }
    }

    fn answered(
        &self,
        session: &mut ApolloSession,
        reply: Reply,
        now: Timestamp,
    ) -> Result<DocumentStatus, SourceError> {
        let polls = self.long_poll.is_some();
        match reply.status().unwrap_or_default() {
            200 => {
                let body = body(reply, self.endpoint.max_bytes())?;
                let version = release_key(&body).map(Version::new).unwrap_or_default();
                session.read = now;
                session.is_held =
                    polls && session.news != News::Nothing && !version.token().is_empty();
                Ok(DocumentStatus::Changed {
                    body,
                    version,
                    is_older: false,
                })
            }
            304 if session.is_conditional() => {
                session.read = now;
                // A notification without a change may be followed by the next one at once.
                session.is_held = polls && session.news == News::First;
                Ok(DocumentStatus::Same)
            }
            404 => Ok(DocumentStatus::Missing),
            status @ (401 | 403) => Ok(DocumentStatus::Refused(status)),
            status => Err(SourceError::Status(status)),
        }
    }
}

fn encode(out: &mut Vec<u8>, text: &[u8]) {
    percent_encode_into(out, text, is_unreserved);
}

/// Whether a name of Apollo may have this character.
pub(crate) const fn is_apollo_character(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

impl Exchange for ApolloProtocol {
    type Session = ApolloSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut ApolloSession, known: &Version, now: Timestamp) -> Callout {
        session.begin(known, self.long_poll.is_some(), now);
        self.ask(session, now)
    }

    fn reply(
        &self,
        session: &mut ApolloSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let status = if session.question == Question::Poll {
            match self.polled(session, reply, now) {
                Some(status) => status,
                None => return Next::Send(self.ask(session, now)),
            }
        } else {
            let reply = reply.map_err(SourceError::Callout);
            let is_good = |reply: &&Reply| reply.status() == Some(200);
            let good = reply.as_ref().ok().filter(is_good);
            if session.is_conditional() && good.is_some_and(|reply| is_of_changes(&reply.body)) {
                session.question = Question::ReadAll;
                return Next::Send(self.ask(session, now));
            }
            let status = reply.and_then(|reply| self.answered(session, reply, now));
            status.unwrap_or_else(DocumentStatus::Broken)
        };
        session.told = match &status {
            DocumentStatus::Same => session.known.clone(),
            DocumentStatus::Changed { version, .. } => version.clone(),
            DocumentStatus::Missing | DocumentStatus::Refused(_) | DocumentStatus::Broken(_) => {
                Version::default()
            }
        };
        Next::Done(status)
    }

    fn longest_callout(&self) -> Duration {
        let held = self.long_poll.unwrap_or_default();
        self.endpoint.timeout().saturating_add(held)
    }

    fn pause(&self, session: &ApolloSession, refresh: Duration) -> Duration {
        if session.is_held {
            Duration::ZERO
        } else {
            refresh
        }
    }

    fn version_text(&self, version: &Version) -> String {
        let shown = Version::shown(version.token());
        format!("release {shown}")
    }
}
