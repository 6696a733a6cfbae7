//! ConfigMaps and Secrets by the API of Kubernetes.
//!
//! The API has no conditional read. So each exchange first asks for the *state*: the object's metadata, without its data. Only if
//! it is another one, the object is read. Where the server is to hold the question, it is a *watch* instead, which ends by itself
//! after some seconds and then tells what has happened meanwhile.

mod answer;
mod reader;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

use answer::{State, Watched, events, malformed, state};

pub use reader::KubernetesReader;

/// The longest answer without data. Annotations alone may have 256 KiB.
const MOST_SMALL: usize = 512 << 10;

/// How long watches are believed. A watch is answered from the memory of one API server, which may be behind, or watch from a
/// number that its store has never had, because it was set up again from older data. So the store itself is asked now and then.
const BELIEVED: Duration = Duration::from_secs(60);

/// What a state is asked by: the metadata of an object, in JSON.
const METADATA: &str = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1";

/// The object whose data make the document.
#[derive(Clone, Copy, Debug)]
pub enum KubernetesObject<'a> {
    /// A ConfigMap of this name.
    ConfigMap(&'a str),
    /// A Secret of this name. Its values are in base64.
    Secret(&'a str),
}

/// One object of a namespace.
#[derive(Debug)]
pub struct KubernetesProtocol {
    endpoint: Endpoint,
    path: Text,
    /// The path of a watch, as far as it is the same each time.
    watch: Box<str>,
    /// The beginning of the document's text, in place of that of the answer.
    opening: Box<str>,
    /// How long the server holds a question.
    wait: Option<Duration>,
}

/// What is remembered between two callouts, and until the next fetch.
#[derive(Debug, Default)]
pub(in crate::source) struct KubernetesSession {
    known: Option<State>,
    /// The state of the object that is being read.
    new: Option<State>,
    step: Step,
    asked: Timestamp,
    /// The number from which the next watch begins. `None`: it begins by telling how the object is.
    from: Option<Box<str>>,
    /// The state that the last good answer told, and when the store itself was asked for it.
    told: Option<(State, Timestamp)>,
    /// When the store itself was asked in this exchange or before.
    looked: Timestamp,
    /// Whether the next question follows at once, because the server holds it.
    is_held: bool,
}

/// What follows an answer.
enum Turn {
    Done(DocumentStatus),
    Ask(Step),
}

/// Which reply comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// The end of a watch.
    Watch,
    /// The object's metadata.
    #[default]
    Look,
    /// The object.
    Read,
}

impl KubernetesProtocol {
    /// The value of one data key of an object, or a map of all of them. The names have only characters that Kubernetes allows.
    #[must_use]
    pub fn new(
        endpoint: Endpoint,
        namespace: &str,
        object: KubernetesObject<'_>,
        key: Option<&str>,
    ) -> Self {
        let (resource, name) = match object {
            KubernetesObject::ConfigMap(name) => ("configmaps", name),
            KubernetesObject::Secret(name) => ("secrets", name),
        };
        let resource = format!("/api/v1/namespaces/{namespace}/{resource}");
        let opening = key.map_or("{".to_owned(), |key| format!(r#"{{"key":"{key}","#));
        let watch = format!("{resource}?watch=true&fieldSelector=metadata.name%3D{name}");
        Self {
            endpoint,
            path: Text::Owned(format!("{resource}/{name}").into_bytes()),
            watch: watch.into(),
            opening: opening.into(),
            wait: None,
        }
    }

    /// The same, where the server holds a question for so many whole seconds.
    #[must_use]
    pub const fn with_wait(mut self, wait: Option<Duration>) -> Self {
        self.wait = wait;
        self
    }

    /// The callout of this step.
    fn ask(&self, session: &mut KubernetesSession, step: Step, now: Timestamp) -> Callout {
        session.step = step;
        session.asked = now;
        let path = match step {
            Step::Watch => {
                let seconds = self.wait.unwrap_or_default().as_secs();
                // Without a number bookmarks are refused, where etcd is older than 3.4.31.
                let from = match session.from.as_deref() {
                    Some(from) => ["&allowWatchBookmarks=true&resourceVersion=", from].concat(),
                    None => "&resourceVersion=0".to_owned(),
                };
                let path = format!("{}&timeoutSeconds={seconds}{from}", self.watch);
                Text::Owned(path.into_bytes())
            }
            Step::Look | Step::Read => self.path.clone(),
        };
        let mut callout = self.endpoint.request("GET", path);
        let accept = match step {
            Step::Read => "application/json",
            Step::Watch | Step::Look => METADATA,
        };
        callout.headers.push(("accept".into(), accept.into()));
        if step == Step::Watch {
            callout.timeout = self.longest_callout();
        }
        if step != Step::Read {
            callout.max_bytes = MOST_SMALL;
        }
        callout
    }

    /// Reads an answer of status 200.
    fn answered(
        &self,
        session: &mut KubernetesSession,
        reply: Reply,
        now: Timestamp,
    ) -> Result<Turn, SourceError> {
        let limit = match session.step {
            Step::Read => self.endpoint.max_bytes(),
            Step::Watch | Step::Look => MOST_SMALL,
        };
        let body = match body(reply, limit) {
            // So much has happened.
            Err(SourceError::TooLarge { .. }) if session.step == Step::Watch => {
                return Ok(Turn::Ask(Step::Look));
            }
            body => body?,
        };
        match session.step {
            Step::Watch => {
                let held = now.since(session.asked);
                session.is_held = held.saturating_mul(2) >= self.wait.unwrap_or_default();
                match events(&body, session.known.as_ref(), &mut session.from)? {
                    Watched::Same => Ok(Turn::Done(DocumentStatus::Same)),
                    Watched::Changed => Ok(Turn::Ask(Step::Look)),
                }
            }
            Step::Look => {
                session.looked = session.asked;
                let state = state(&body)?;
                if session.known.as_ref() == Some(&state) {
                    return Ok(Turn::Done(DocumentStatus::Same));
                }
                session.new = Some(state);
                Ok(Turn::Ask(Step::Read))
            }
            Step::Read => self.read(session, body).map(Turn::Done),
        }
    }

    /// Makes an object a document. Where it was written meanwhile, the next look says so.
    fn read(
        &self,
        session: &mut KubernetesSession,
        mut body: Vec<u8>,
    ) -> Result<DocumentStatus, SourceError> {
        let state = session.new.take().ok_or_else(malformed)?;
        if body.first() != Some(&b'{') {
            return Err(malformed());
        }
        body.splice(..1, self.opening.bytes());
        let known = session.known.replace(state.clone());
        session.from = Some(state.number.clone());
        Ok(DocumentStatus::Changed {
            body,
            version: state.version(),
            is_older: known.is_some_and(|known| state.is_older(&known)),
        })
    }
}

impl Exchange for KubernetesProtocol {
    type Session = KubernetesSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn version_text(&self, version: &Version) -> String {
        State::known(version).map_or_else(String::new, |state| {
            format!("resource version {}", state.number)
        })
    }

    fn start(&self, session: &mut KubernetesSession, known: &Version, now: Timestamp) -> Callout {
        session.known = State::known(known);
        session.is_held = self.wait.is_some();
        // An exchange that fails must not leave anything that the next one believes.
        let told = session.told.take();
        let told = told.filter(|(state, _)| session.known.as_ref() == Some(state));
        if told.is_none() {
            session.from = session.known.as_ref().map(|known| known.number.clone());
        }
        let is_believed = |looked: Timestamp| looked <= now && now.since(looked) < BELIEVED;
        let step = match told {
            Some((_, looked)) if is_believed(looked) => Step::Watch,
            _ => Step::Look,
        };
        self.ask(session, step, now)
    }

    fn reply(
        &self,
        session: &mut KubernetesSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let reply = match reply {
            Ok(reply) => reply,
            Err(error) => return Next::Done(DocumentStatus::Broken(SourceError::Callout(error))),
        };
        let status = reply.status().unwrap_or_default();
        let next = match (status, session.step) {
            (200, _) => self.answered(session, reply, now),
            (401 | 403, _) => Ok(Turn::Done(DocumentStatus::Refused(status))),
            (404, Step::Look | Step::Read) => Ok(Turn::Done(DocumentStatus::Missing)),
            // The server has forgotten what was then, or is behind.
            (410 | 504, Step::Watch) => {
                session.from = None;
                session.is_held = false;
                Ok(Turn::Ask(Step::Look))
            }
            _ => Err(SourceError::Status(status)),
        };
        match next {
            Ok(Turn::Done(status)) => {
                let is_good = matches!(
                    status,
                    DocumentStatus::Same | DocumentStatus::Changed { .. }
                );
                if is_good && self.wait.is_some() {
                    session.told = session.known.clone().map(|state| (state, session.looked));
                }
                Next::Done(status)
            }
            Ok(Turn::Ask(step)) => Next::Send(self.ask(session, step, now)),
            Err(error) => Next::Done(DocumentStatus::Broken(error)),
        }
    }

    fn longest_callout(&self) -> Duration {
        let held = self.wait.unwrap_or_default();
        self.endpoint.timeout().saturating_add(held)
    }

    fn pause(&self, session: &KubernetesSession, refresh: Duration) -> Duration {
        if session.is_held {
            Duration::ZERO
        } else {
            refresh
        }
    }
}
