//! etcd by its JSON gateway (`/v3/…`, etcd 3.4 and later): the value of one key, or all keys below a prefix.
//!
//! etcd has no conditional read of a range. So each exchange first asks for the *state*: the newest revision in the range and the
//! number of its keys, without values. Only if it is another one, the range is read, at the revision of the state.

mod answer;
#[cfg(test)]
mod tests;

use serde_json::json;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text, base64};
use crate::secret::Secret;
use crate::source::path::{PathError, PathTemplate};
use crate::source::{ReadRefusal, SourceError, Version};
use crate::time::Timestamp;

use super::login::Login;
use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

use answer::{Failure, State, document, failure, state, token};

/// The longest answer without values.
const MOST_SMALL: usize = 64 << 10;

/// Which keys make the document.
#[derive(Clone, Copy, Debug)]
pub enum EtcdKeys<'a> {
    /// This key: its value is the document.
    One(&'a str),
    /// The key of each entry: it holds `${key}` once.
    Each(&'a str),
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
    /// The key of each entry.
    template: Option<PathTemplate>,
}

/// What is remembered between two callouts, and until the next fetch.
#[derive(Debug, Default)]
pub(in crate::source) struct EtcdSession {
    known: Option<State>,
    login: Login,
    /// The login of the last callout.
    used: u32,
    /// Whether this exchange has given up a token: once is enough.
    has_retried: bool,
    step: Step,
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
    ///
    /// # Errors
    /// [`PathError`] for the key of each entry.
    pub fn new(
        endpoint: Endpoint,
        keys: EtcdKeys<'_>,
        login: Option<(&str, &Secret)>,
    ) -> Result<Self, PathError> {
        let template = match keys {
            EtcdKeys::Each(key) => Some(PathTemplate::of_name(key)?),
            EtcdKeys::One(_) | EtcdKeys::Below(_) => None,
        };
        let (range, opening) = match keys {
            EtcdKeys::One(key) | EtcdKeys::Each(key) => (one(key.as_bytes()), "{".into()),
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
        Ok(Self {
            endpoint,
            range: range.into(),
            opening: opening.into_bytes().into(),
            login,
            template,
        })
    }

    /// The login, if one is needed, or else the question for the state.
    fn next(&self, session: &mut EtcdSession, now: Timestamp) -> Callout {
        let mut callout = match &self.login {
            Some(login) if session.login.is_needed(now) => {
                session.step = Step::Login;
                let content = login.expose().to_vec();
                self.post("/v3/auth/authenticate", content)
            }
            Some(_) | None => {
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
    fn ask(&self, session: &mut EtcdSession, more: &str) -> Callout {
        let content = format!("{{{},{more}}}", self.range);
        let mut callout = self.post("/v3/kv/range", content.into_bytes());
        session.used = session.login.number();
        if let Some(token) = session.login.token() {
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
    fn answered(
        &self,
        session: &mut EtcdSession,
        reply: Reply,
        now: Timestamp,
    ) -> Result<Next, SourceError> {
        let malformed = |what: &str| SourceError::Malformed(format!("the answer has no {what}"));
        match std::mem::take(&mut session.step) {
            Step::Login => {
                let token = token(&body(reply, MOST_SMALL)?).ok_or_else(|| malformed("token"))?;
                session.login.grant(token, None, now);
                Ok(Next::Send(self.next(session, now)))
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
    fn failed(&self, session: &mut EtcdSession, status: u16, reply: Reply, now: Timestamp) -> Next {
        let failure = body(reply, MOST_SMALL).map_or(Failure::Other, |body| failure(status, &body));
        let is_login = matches!(session.step, Step::Login);
        match failure {
            Failure::NoLogins if is_login => session.login.open(now),
            Failure::NotLoggedIn
                if self.login.is_some()
                    && !is_login
                    && !session.has_retried
                    && session.login.give_up(session.used, now) =>
            {
                session.has_retried = true;
            }
            Failure::NotLoggedIn | Failure::Refused => {
                return Next::Done(DocumentStatus::Refused(status));
            }
            Failure::NoLogins | Failure::Other => {
                return Next::Done(DocumentStatus::Broken(SourceError::Status(status)));
            }
        }
        Next::Send(self.next(session, now))
    }
}

/// The member of a question that names one key.
fn one(key: &[u8]) -> String {
    format!(r#""key":"{}""#, base64(key))
}

impl Exchange for EtcdProtocol {
    type Session = EtcdSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn version_text(&self, version: &Version) -> String {
        State::known(version).map_or_else(String::new, |state| state.text())
    }

    fn start(&self, session: &mut EtcdSession, known: &Version, now: Timestamp) -> Callout {
        session.known = State::known(known);
        session.has_retried = false;
        self.next(session, now)
    }

    fn reply(
        &self,
        session: &mut EtcdSession,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let next = match reply {
            Ok(reply) => match reply.status() {
                Some(200) => self.answered(session, reply, now),
                status => Ok(self.failed(session, status.unwrap_or_default(), reply, now)),
            },
            Err(error) => Err(SourceError::Callout(error)),
        };
        next.unwrap_or_else(|error| Next::Done(DocumentStatus::Broken(error)))
    }

    fn for_key(&self, key: &[u8]) -> Result<Self, ReadRefusal> {
        let template = self.template.as_ref().ok_or(ReadRefusal::UnfitKey)?;
        let name = template.fill_name(key).ok_or(ReadRefusal::UnfitKey)?;
        Ok(Self {
            endpoint: self.endpoint.clone(),
            range: one(&name).into(),
            opening: self.opening.clone(),
            login: self.login.clone(),
            template: None,
        })
    }

    fn lend(&self, session: &EtcdSession) -> EtcdSession {
        EtcdSession {
            login: session.login.clone(),
            ..EtcdSession::default()
        }
    }

    fn needs_login(&self, session: &EtcdSession, now: Timestamp) -> bool {
        self.login.is_some() && session.login.is_needed(now)
    }
}
