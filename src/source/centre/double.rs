//! A protocol of several callouts, for tests: it logs in, and polls long.

use std::fmt;
use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::secret::Secret;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

/// Logs in at `/login`, and reads `/poll?VERSION` with the token until that is refused.
#[derive(Debug)]
#[expect(
    unnameable_types,
    reason = "a variant of `Protocol` that only unit tests have"
)]
pub struct DoubleProtocol(pub(in crate::source) Endpoint);

/// The token, and the next step.
#[derive(Default)]
pub(in crate::source) struct Session {
    token: Option<Secret>,
    known: Version,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("token", &self.token)
            .field("known", &self.known)
            .finish()
    }
}

impl DoubleProtocol {
    /// How long a poll may take.
    pub(in crate::source) const POLL: Duration = Duration::from_secs(30);

    fn next(&self, session: &Session) -> Callout {
        let Some(token) = &session.token else {
            return self.0.request("POST", "/login".into());
        };
        let path = [b"/poll?", session.known.token()].concat();
        let mut callout = self.0.request("GET", Text::Owned(path));
        let token = Text::Owned(token.expose().to_vec());
        callout.headers.push(("authorization".into(), token));
        callout.timeout = Self::POLL;
        callout
    }
}

impl Exchange for DoubleProtocol {
    type Session = Session;

    fn endpoint(&self) -> &Endpoint {
        &self.0
    }

    fn start(&self, session: &mut Session, known: &Version, _: Timestamp) -> Callout {
        session.known = known.clone();
        self.next(session)
    }

    fn reply(
        &self,
        session: &mut Session,
        reply: Result<Reply, CalloutError>,
        _: Timestamp,
    ) -> Next {
        let reply = match (reply, &session.token) {
            (Ok(reply), _) => reply,
            // The document did not change during the poll.
            (Err(CalloutError::NoReply), Some(_)) => return Next::Done(DocumentStatus::Same),
            (Err(error), _) => {
                return Next::Done(DocumentStatus::Broken(SourceError::Callout(error)));
            }
        };
        let status = reply.status().unwrap_or_default();
        match (status, &session.token) {
            (200, None) => {
                session.token = Some(Secret::new(reply.body));
                Next::Send(self.next(session))
            }
            (401, Some(_)) => {
                session.token = None;
                Next::Send(self.next(session))
            }
            (401, None) => Next::Done(DocumentStatus::Refused(status)),
            (200, Some(_)) => {
                let version = reply.headers.view().first(b"etag").unwrap_or_default();
                let version = Version::new(version);
                Next::Done(match body(reply, self.0.max_bytes()) {
                    Ok(body) => DocumentStatus::Changed {
                        body,
                        version,
                        is_older: false,
                    },
                    Err(error) => DocumentStatus::Broken(error),
                })
            }
            (404, _) => Next::Done(DocumentStatus::Missing),
            _ => Next::Done(DocumentStatus::Broken(SourceError::Status(status))),
        }
    }

    fn longest_callout(&self) -> Duration {
        Self::POLL.max(self.0.timeout())
    }

    fn pause(&self, _: &Session, _: Duration) -> Duration {
        Duration::ZERO
    }
}
