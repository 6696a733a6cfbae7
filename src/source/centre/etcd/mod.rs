//! etcd by its JSON gateway (`/v3/…`, etcd 3.4 and later): the value of one key, or all keys below a prefix.
//!
//! etcd has no conditional read of a range. So each exchange first asks for the *state*: the newest revision in the range and the
//! number of its keys, without values. Only if it is another one, the range is read, at the revision of the state.

mod answer;
mod reader;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text, base64};
use crate::secret::Secret;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

use answer::{Failure, State, document, failure, state, token};

pub use reader::EtcdReader;

/// The longest answer without values.
const MOST_SMALL: usize = 64 << 10;

/// Which keys make the document.
#[derive(Clone, Copy, Debug)]
pub enum EtcdKeys<'a> {
    /// This key: its value is the document.
    One(&'a str),
    /// All keys that begin with this, which ends with `/`.
    Below(&'a str),
}

/// A range of keys, read by `POST /v3/kv/range`.
#[derive(Debug)]
pub struct EtcdProtocol {
    endpoint: Endpoint,
    /// The members of a question that name the range.
    range: Box<str>,
    /// The beginning of the document's text, before the member `kvs`.
    opening: Box<[u8]>,
    /// The content of a login.
    login: Option<Secret>,
}

/// What is remembered between two callouts, and until the next fetch.
#[derive(Debug, Default)]
pub(in crate::source) struct EtcdSession {
    known: Option<State>,
    access: Access,
    /// Whether this exchange has logged in: once is enough.
    has_logged_in: bool,
    step: Step,
}

/// What is known about the login.
#[derive(Debug, Default)]
enum Access {
    /// Nothing.
    #[default]
    New,
    /// The token of the last login.
    Token(Secret),
    /// The server asks for none.
    Open,
}

/// Which reply comes next.
#[derive(Debug, Default)]
enum Step {
    Login,
    #[default]
    State,
    /// The range in this state.
    Document(State),
}

impl EtcdProtocol {
    /// The document that these keys make; `login` is a user's name and password.
    #[must_use]
    pub fn new(endpoint: Endpoint, keys: EtcdKeys<'_>, login: Option<(&str, &Secret)>) -> Self {
        let (range, opening) = match keys {
            EtcdKeys::One(key) => (format!(r#""key":"{}""#, base64(key.as_bytes())), "{".into()),
            EtcdKeys::Below(prefix) => {
                let start = base64(prefix.as_bytes());
                // `0` is the character behind `/`: the end of the range is the first text that is no part of it.
                let end = format!("{}0", prefix.strip_suffix('/').unwrap_or(prefix));
                let end = base64(end.as_bytes());
                let range = format!(r#""key":"{start}","range_end":"{end}""#);
                (range, format!(r#"{{"prefix":"{start}","#))
            }
        };
        let login = login.map(|(name, password)| {
            let password = String::from_utf8_lossy(password.expose());
            let login = json!({"name": name, "password": password});
            Secret::new(login.to_string().into_bytes())
        });
        Self {
            endpoint,
            range: range.into(),
            opening: opening.into_bytes().into(),
            login,
        }
    }

    /// The login, if one is needed, or else the question for the state.
    fn next(&self, session: &mut EtcdSession) -> Callout {
        let mut callout = match (&self.login, &session.access) {
            (Some(login), Access::New) => {
                session.has_logged_in = true;
                session.step = Step::Login;
                let content = login.expose().to_vec();
                self.post("/v3/auth/authenticate", content)
            }
            _ => {
                session.step = Step::State;
                let only =
                    r#""limit":1,"sort_order":"DESCEND","sort_target":"MOD","keys_only":true"#;
                self.ask(session, only)
            }
        };
        callout.max_bytes = MOST_SMALL;
        callout
    }

    /// A question about the range, with more members.
    fn ask(&self, session: &EtcdSession, more: &str) -> Callout {
        let content = format!("{{{},{more}}}", self.range);
        let mut callout = self.post("/v3/kv/range", content.into_bytes());
        if let Access::Token(token) = &session.access {
            let token = Text::Owned(token.expose().to_vec());
            callout.headers.push(("authorization".into(), token));
        }
        callout
    }

    fn post(&self, path: &'static str, content: Vec<u8>) -> Callout {
        let mut callout = self.endpoint.request("POST", path.into());
        let json = "application/json";
        callout.headers.push(("content-type".into(), json.into()));
        callout.headers.push(("accept".into(), json.into()));
        callout.body = Text::Owned(content);
        callout
    }

    /// Reads an answer of status 200.
    fn answered(&self, session: &mut EtcdSession, reply: Reply) -> Result<Next, SourceError> {
        let malformed = |what: &str| SourceError::Malformed(format!("the answer has no {what}"));
        match std::mem::take(&mut session.step) {
            Step::Login => {
                let token = token(&body(reply, MOST_SMALL)?).ok_or_else(|| malformed("token"))?;
                session.access = Access::Token(token);
                Ok(Next::Send(self.next(session)))
            }
            Step::State => {
                let state = state(&body(reply, MOST_SMALL)?);
                let state = state.ok_or_else(|| malformed("revision"))?;
                let Some(state) = state else {
                    return Ok(Next::Done(DocumentStatus::Missing));
                };
                if session.known.is_some_and(|known| state.is_same(&known)) {
                    return Ok(Next::Done(DocumentStatus::Same));
                }
                session.step = Step::Document(state);
                let at = format!(r#""revision":"{}""#, state.revision);
                Ok(Next::Send(self.ask(session, &at)))
            }
            Step::Document(state) => {
                let limit = self.endpoint.max_bytes();
                let body = document(body(reply, limit)?, &self.opening);
                let body = body.ok_or_else(|| malformed("keys"))?;
                if body.len() > limit {
                    return Err(SourceError::TooLarge { limit });
                }
                let known = session.known;
                Ok(Next::Done(DocumentStatus::Changed {
                    body,
                    version: state.version(),
                    is_older: known.is_some_and(|known| state.is_older(&known)),
                }))
            }
        }
    }

    /// Reads an answer of another status. A login that ended is made again, once.
    fn failed(&self, session: &mut EtcdSession, status: u16, reply: Reply) -> Next {
        let failure = body(reply, MOST_SMALL).map_or(Failure::Other, |body| failure(status, &body));
        let is_login = matches!(session.step, Step::Login);
        match failure {
            Failure::NoLogins if is_login => session.access = Access::Open,
            Failure::NotLoggedIn if self.login.is_some() && !session.has_logged_in => {
                session.access = Access::New;
            }
            Failure::NotLoggedIn | Failure::Refused => {
                return Next::Done(DocumentStatus::Refused(status));
            }
            Failure::NoLogins | Failure::Other => {
                return Next::Done(DocumentStatus::Broken(SourceError::Status(status)));
            }
        }
        Next::Send(self.next(session))
    }
}

impl Exchange for EtcdProtocol {
    type Session = EtcdSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut EtcdSession, known: &Version, _: Timestamp) -> Callout {
        session.known = State::known(known);
        session.has_logged_in = false;
        self.next(session)
    }

    fn reply(
        &self,
        session: &mut EtcdSession,
        reply: Result<Reply, CalloutError>,
        _: Timestamp,
    ) -> Next {
        let next = match reply {
            Ok(reply) => match reply.status() {
                Some(200) => self.answered(session, reply),
                status => Ok(self.failed(session, status.unwrap_or_default(), reply)),
            },
            Err(error) => Err(SourceError::Callout(error)),
        };
        next.unwrap_or_else(|error| Next::Done(DocumentStatus::Broken(error)))
    }
}
