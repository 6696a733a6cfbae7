//! What follows the replies of a server.

use crate::http::{CalloutError, Reply};
use crate::source::SourceError;
use crate::source::centre::nacos::answer::{Answer, Content, read};
use crate::source::centre::nacos::login::{is_refusal, token};
use crate::source::centre::nacos::session::{NacosSession, Question};
use crate::source::centre::nacos::state::{is_older, md5};
use crate::source::centre::protocol::{DocumentStatus, Next};
use crate::source::centre::reply::body;
use crate::time::Timestamp;

use super::{LEAST_HELD, MOST_SMALL, NacosServer};

impl NacosServer {
    /// Reads the reply to the last callout.
    pub(in crate::source) fn reply(
        &self,
        session: &mut NacosSession,
        data_id: &str,
        reply: Result<Reply, CalloutError>,
        now: Timestamp,
    ) -> Next {
        let is_endpoint = session.question == Question::Addresses;
        let result = match reply {
            Ok(reply) => self.answered(session, reply, now),
            Err(error) => Err(SourceError::Callout(error)),
        };
        match result {
            Ok(None) => Next::Send(self.next(session, data_id, now)),
            Ok(Some(status)) => Next::Done(status),
            // The servers that were named before may still answer.
            Err(_) if is_endpoint && session.addresses.keep(now) => {
                Next::Send(self.next(session, data_id, now))
            }
            Err(error) => {
                session.addresses.pass_over();
                Next::Done(DocumentStatus::Broken(error))
            }
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
            (Question::Addresses, 200) => {
                let is_list = session
                    .addresses
                    .take(&body(reply, MOST_SMALL)?, self.port(), now);
                let reason = "the endpoint's answer has no address";
                is_list
                    .then_some(None)
                    .ok_or_else(|| SourceError::Malformed(reason.into()))
            }
            (Question::Addresses, _) => Err(broken),
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
            (Question::Listen, 401 | 403) if self.signer.is_some() => {
                session.find(|found| found.has_no_listener = true);
                session.question = Question::Read;
                Ok(None)
            }
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
                session.is_held = is_named && self.listens(session) && self.long_poll.is_some();
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
