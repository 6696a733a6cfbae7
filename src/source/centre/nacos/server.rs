//! A namespace and a group of a Nacos server, and how one of its data IDs is asked for. Several protocols share it.

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::secret::Secret;
use crate::source::centre::protocol::{DocumentStatus, Next};
use crate::source::centre::reply::body;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::answer::{Answer, Content, read};
use super::api::NacosApi;
use super::login::{form, is_refusal, token};
use super::session::{NacosSession, Question};
use super::state::{is_older, md5};

/// The longest answer without content.
const MOST_SMALL: usize = 16 << 10;

/// A poll that ended sooner without a change was not held: the server, or what stands before it, doesn't poll long. It holds one
/// for 10 s at least.
const LEAST_HELD: Duration = Duration::from_secs(5);

/// One group of one namespace.
#[derive(Debug)]
pub struct NacosServer {
    endpoint: Endpoint,
    context: Box<str>,
    namespace: Option<Box<str>>,
    group: Box<str>,
    login: Option<Secret>,
    api: Option<NacosApi>,
    long_poll: Option<Duration>,
}

impl NacosServer {
    /// A group of a namespace (`None`: the one that is called `public`) below the server's context path, such as `/nacos`.
    /// Names have only the characters that Nacos allows: `[A-Za-z0-9_.:-]`.
    #[must_use]
    pub fn new(endpoint: Endpoint, context: &str, namespace: Option<&str>, group: &str) -> Self {
        Self {
            endpoint,
            context: context.into(),
            namespace: namespace.map(Into::into),
            group: group.into(),
            login: None,
            api: None,
            long_poll: None,
        }
    }

    /// The same with a user's name and password.
    #[must_use]
    pub fn with_login(mut self, name: &str, password: &Secret) -> Self {
        self.login = Some(form(name, password));
        self
    }

    /// The same with this API. `None`: it is found out.
    #[must_use]
    pub const fn with_api(mut self, api: Option<NacosApi>) -> Self {
        self.api = api;
        self
    }

    /// The same, where the server holds a question for so long, if it can.
    #[must_use]
    pub const fn with_long_poll(mut self, long_poll: Option<Duration>) -> Self {
        self.long_poll = long_poll;
        self
    }

    /// What all callouts share.
    #[must_use]
    pub const fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The longest time that one callout may take.
    #[must_use]
    pub fn longest_callout(&self) -> Duration {
        let held = self.long_poll.unwrap_or_default();
        self.endpoint.timeout().saturating_add(held)
    }

    /// The first callout for the content of `data_id`.
    pub(in crate::source) fn start(
        &self,
        session: &mut NacosSession,
        data_id: &str,
        known: &Version,
        now: Timestamp,
    ) -> Callout {
        let records = match md5(known) {
            [] => String::new(),
            md5 => self.record(data_id, md5),
        };
        session.begin(known, records);
        self.next(session, data_id, now)
    }

    /// The first callout for several contents: the question whether one of them is another one than these records say, or, where
    /// there are none, the read of the first one.
    pub(in crate::source) fn start_several(
        &self,
        session: &mut NacosSession,
        first: &str,
        records: String,
        now: Timestamp,
    ) -> Callout {
        session.begin(&Version::default(), records);
        self.next(session, first, now)
    }

    /// The read of one more content in the same exchange.
    pub(in crate::source) fn go_on(
        &self,
        session: &mut NacosSession,
        data_id: &str,
        now: Timestamp,
    ) -> Callout {
        session.records.clear();
        session.question = Question::Read;
        self.next(session, data_id, now)
    }

    /// What the listener is asked about a content with this MD5; it is empty where there is no content.
    pub(in crate::source) fn record(&self, data_id: &str, md5: &[u8]) -> String {
        let md5 = String::from_utf8_lossy(md5);
        let namespace = self.namespace.as_deref();
        let namespace = namespace.map_or(String::new(), |name| ["%02", name].concat());
        format!("{data_id}%02{}%02{md5}{namespace}%01", self.group)
    }

    /// The login, if one is due, or else the question or the read.
    fn next(&self, session: &mut NacosSession, data_id: &str, now: Timestamp) -> Callout {
        if let Some(login) = self.due_login(session, now) {
            return self.log_in(session, login);
        }
        let api = self.api(session);
        if session.question == Question::Login {
            session.question = session.first_question();
        }
        if api != NacosApi::V1 {
            session.question = Question::Read;
        }
        session.asked = now;
        let mut callout = match session.question {
            Question::Listen => self.listen(session, data_id),
            Question::Login | Question::Read => {
                let path = self.path(api, data_id, "");
                self.endpoint.request("GET", path)
            }
        };
        session.used = session.login.number();
        if let Some(token) = session.login.token() {
            callout.headers.push(("accesstoken".into(), token));
        }
        callout
    }

    /// The content of the login, if that comes next.
    fn due_login(&self, session: &NacosSession, now: Timestamp) -> Option<&Secret> {
        let is_due = session.login.is_needed(now) && !session.has_logged_in;
        self.login.as_ref().filter(|_| is_due)
    }

    /// Whether the next exchange begins with a login.
    pub(in crate::source) fn needs_login(&self, session: &NacosSession, now: Timestamp) -> bool {
        self.login.is_some() && session.login.is_needed(now)
    }

    fn api(&self, session: &NacosSession) -> NacosApi {
        self.api.or(session.found().api).unwrap_or(NacosApi::V1)
    }

    /// The path of a read; with `more` behind it that of another question of v1. What is allowed in names needs no escapes.
    fn path(&self, api: NacosApi, data_id: &str, more: &str) -> Text {
        let (path, group, namespaces) = api.names();
        let (context, of_group) = (&self.context, &self.group);
        let mut path = format!("{context}{path}{more}?dataId={data_id}&{group}={of_group}");
        if let Some(name) = &self.namespace {
            for parameter in namespaces {
                path = path + "&" + parameter + "=" + name;
            }
        }
        Text::Owned(path.into_bytes())
    }

    /// The question of v1 whether the content is another one. Its query says nothing new, but the server checks the user's
    /// right by that: without it the user would need the right to read everything.
    fn listen(&self, session: &NacosSession, data_id: &str) -> Callout {
        let path = self.path(NacosApi::V1, data_id, "/listener");
        let content = ["Listening-Configs=", &session.records].concat();
        let mut callout = self.post(path, content.into_bytes());
        let held = self.long_poll.unwrap_or_default().as_millis().to_string();
        let held = Text::Owned(held.into_bytes());
        callout.headers.push(("long-pulling-timeout".into(), held));
        if self.long_poll.is_none() {
            let name = "long-pulling-timeout-no-hangup";
            callout.headers.push((name.into(), "true".into()));
        }
        callout.timeout = self.longest_callout();
        callout
    }

    fn log_in(&self, session: &mut NacosSession, login: &Secret) -> Callout {
        session.question = Question::Login;
        session.has_logged_in = true;
        let path = if session.found().is_old_login {
            "/v1/auth/login"
        } else {
            "/v3/auth/user/login"
        };
        let path = [&*self.context, path].concat().into_bytes();
        self.post(Text::Owned(path), login.expose().to_vec())
    }

    /// A small form with a small answer.
    fn post(&self, path: Text, form: Vec<u8>) -> Callout {
        let mut callout = self.endpoint.request("POST", path);
        let form_type = "application/x-www-form-urlencoded";
        callout
            .headers
            .push(("content-type".into(), form_type.into()));
        callout.body = Text::Owned(form);
        callout.max_bytes = MOST_SMALL;
        callout
    }

    /// Reads the reply to the last callout.
    pub(in crate::source) fn reply(
        &self,
        session: &mut NacosSession,
        data_id: &str,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let result = match reply {
            Ok(reply) => self.answered(session, reply, now),
            Err(error) => Err(SourceError::Callout(error)),
        };
        match result {
            Ok(None) => Next::Send(self.next(session, data_id, now)),
            Ok(Some(status)) => Next::Done(status),
            Err(error) => Next::Done(DocumentStatus::Broken(error)),
        }
    }

    /// Reads an answer. `None`: one more callout follows.
    fn answered(
        &self,
        session: &mut NacosSession,
        reply: Reply,
        now: Timestamp,
    ) -> Result<Option<DocumentStatus>, SourceError> {
        let status = reply.status().unwrap_or_default();
        let broken = SourceError::Status(status);
        match (session.question, status) {
            (Question::Login, 200) => {
                let token = token(&body(reply, MOST_SMALL)?);
                let missing = || SourceError::Malformed("the answer has no `accessToken`".into());
                let (token, lasts) = token.ok_or_else(missing)?;
                let end = lasts.map(|lasts| now.after(lasts));
                session.login.grant(token, end, now);
                Ok(None)
            }
            (Question::Login, 404 | 410) => {
                session.find(|found| found.is_old_login = !found.is_old_login);
                session.has_logged_in = false;
                session.turn(broken)
            }
            (Question::Login, 401 | 403) => Ok(Some(DocumentStatus::Refused(status))),
            (Question::Login, 500) => match is_refusal(&body(reply, MOST_SMALL)?) {
                true => Ok(Some(DocumentStatus::Refused(status))),
                false => Err(broken),
            },
            (_, 401 | 403) => Ok(self.refused(session, status, now)),
            (Question::Listen, 200) => {
                if body(reply, MOST_SMALL)?.iter().all(u8::is_ascii_whitespace) {
                    let held = now.since(session.asked);
                    session.is_held = self.long_poll.is_some() && held >= LEAST_HELD;
                    return Ok(Some(DocumentStatus::Same));
                }
                session.question = Question::Read;
                Ok(None)
            }
            (Question::Listen, 404 | 410) | (Question::Read, 410) => {
                self.other_api(session, status)
            }
            (Question::Read, 200 | 404) => self.read(session, status, reply, now),
            _ => Err(broken),
        }
    }

    fn read(
        &self,
        session: &mut NacosSession,
        status: u16,
        reply: Reply,
        now: Timestamp,
    ) -> Result<Option<DocumentStatus>, SourceError> {
        let (api, limit) = (self.api(session), self.endpoint.max_bytes());
        let headers = reply.headers.clone();
        match read(api, status, &headers, body(reply, limit)?) {
            Answer::Content(Content { document, version }) => {
                let is_named = !md5(&version).is_empty();
                if is_named && md5(&version) == md5(&session.known) {
                    return Ok(Some(DocumentStatus::Same));
                }
                if document.len() > limit {
                    return Err(SourceError::TooLarge { limit });
                }
                session.is_held = is_named && api == NacosApi::V1 && self.long_poll.is_some();
                Ok(Some(DocumentStatus::Changed {
                    is_older: is_older(&version, &session.known),
                    body: document,
                    version,
                }))
            }
            Answer::Missing => Ok(Some(DocumentStatus::Missing)),
            Answer::Refused => Ok(self.refused(session, 403, now)),
            Answer::NoApi => self.other_api(session, status),
            Answer::Failed(error) => Err(error),
        }
    }

    /// The server doesn't take the token: one more login, and then no more.
    fn refused(
        &self,
        session: &mut NacosSession,
        status: u16,
        now: Timestamp,
    ) -> Option<DocumentStatus> {
        let is_final = self.login.is_none() || session.has_retried;
        if is_final || !session.login.give_up(session.used, now) {
            return Some(DocumentStatus::Refused(status));
        }
        session.has_retried = true;
        session.has_logged_in = false;
        None
    }

    /// The server doesn't have this API: the next one, if it is to be found out.
    fn other_api(
        &self,
        session: &mut NacosSession,
        status: u16,
    ) -> Result<Option<DocumentStatus>, SourceError> {
        let next = self.api(session).next();
        session.find(|found| found.api = Some(next));
        let broken = SourceError::Status(status);
        if self.api.is_some() {
            return Err(broken);
        }
        session.turn(broken)
    }
}
