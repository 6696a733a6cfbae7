//! A toy centre: it wants a login, tells by a long poll that there is a new state, and gives the document on a third path.

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::secret::Secret;
use crate::source::{SourceError, Version};
use crate::time::Timestamp;

use super::protocol::{DocumentStatus, Exchange, Next};
use super::reply::body;

/// One document of the centre, by its name.
#[derive(Debug)]
pub struct LongPollProtocol {
    endpoint: Endpoint,
    name: Box<str>,
    poll: Duration,
}

/// What the VM that fetches remembers between two callouts.
#[derive(Debug, Default)]
pub struct LongPollSession {
    token: Option<Secret>,
    /// The state that is held when the exchange begins.
    known: Version,
    /// The state that the last poll told; empty before it.
    newest: Version,
}

impl LongPollProtocol {
    /// The document `name`; a poll takes at most `poll`.
    #[must_use]
    pub fn new(endpoint: Endpoint, name: &str, poll: Duration) -> Self {
        Self {
            endpoint,
            name: name.into(),
            poll,
        }
    }

    /// The next callout: a login without a token, a poll without a new state, and then the document.
    fn next(&self, session: &LongPollSession) -> Callout {
        let Some(token) = &session.token else {
            return self.endpoint.request("POST", "/login".into());
        };
        let is_told = session.newest != Version::default();
        let path = if is_told { "/document/" } else { "/poll/" };
        let path = [path.as_bytes(), self.name.as_bytes()].concat();
        let mut callout = self.endpoint.request("GET", Text::Owned(path));
        let header = |name: &'static str, value: &[u8]| (name.into(), Text::Owned(value.to_vec()));
        callout.headers.push(header("x-token", token.expose()));
        if !is_told {
            let known = session.known.token();
            callout.headers.push(header("x-known", known));
            callout.timeout = self.poll;
        }
        callout
    }
}

impl Exchange for LongPollProtocol {
    type Session = LongPollSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut LongPollSession, known: &Version, _: Timestamp) -> Callout {
        session.known = known.clone();
        session.newest = Version::default();
        self.next(session)
    }

    fn reply(
        &self,
        session: &mut LongPollSession,
        reply: Result<Reply, CalloutError>,
        _: Timestamp,
    ) -> Next {
        let is_told = session.newest != Version::default();
        let is_polling = session.token.is_some() && !is_told;
        let reply = match reply {
            Ok(reply) => reply,
            // The time is over, and there is nothing new.
            Err(CalloutError::NoReply) if is_polling && session.known != Version::default() => {
                return Next::Done(DocumentStatus::Same);
            }
            Err(error) => return Next::Done(DocumentStatus::Broken(SourceError::Callout(error))),
        };
        match (reply.status(), session.token.is_some()) {
            (Some(200), false) => {
                session.token = Some(Secret::new(reply.body));
                Next::Send(self.next(session))
            }
            (Some(401), true) => {
                session.token = None;
                Next::Send(self.next(session))
            }
            (Some(401), false) => Next::Done(DocumentStatus::Refused(401)),
            (Some(200), true) if is_polling => {
                let state = reply.headers.view().first(b"x-state").unwrap_or(b"?");
                session.newest = Version::new(state);
                Next::Send(self.next(session))
            }
            (Some(200), true) => Next::Done(match body(reply, self.endpoint.max_bytes()) {
                Ok(body) => DocumentStatus::Changed {
                    body,
                    version: session.newest.clone(),
                    is_older: false,
                },
                Err(error) => DocumentStatus::Broken(error),
            }),
            (Some(304), true) => Next::Done(DocumentStatus::Same),
            (Some(404), true) => Next::Done(DocumentStatus::Missing),
            (status, _) => {
                let error = SourceError::Status(status.unwrap_or_default());
                Next::Done(DocumentStatus::Broken(error))
            }
        }
    }

    fn longest_callout(&self) -> Duration {
        self.poll.max(self.endpoint.timeout())
    }

    fn pause(&self, _: &LongPollSession, _: Duration) -> Duration {
        Duration::ZERO
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::config::Config;
    use crate::engine::{Engine, Event, FlightId, HostVerifier, Inputs, Observer, Step, Store};
    use crate::http::{Edits, HeaderMap, Request};
    use crate::policy::{Environment, Policy};
    use crate::source::LocalData;

    const POLICY: &str = r#"{
        "sources": {"flags": {"longPoll": {
            "cluster": "c", "name": "flags", "poll": "20s", "headers": {"authorization": {"env": "LOGIN"}}}}},
        "routes": [{"name": "r", "require": "none", "redirect": {"path": "/${l.colour}"},
            "lookup": {"l": {"source": "flags", "values": {"colour": "$.colour"}}}}]}"#;

    /// `colour=red`, `colour=blue` and what is no base64.
    const RED: &str = "Y29sb3VyPXJlZAo=";
    const BLUE: &str = "Y29sb3VyPWJsdWUK";

    struct Login;

    impl Environment for Login {
        fn variable(&self, _: &str) -> Option<String> {
            Some("hunter2".to_owned())
        }
    }

    #[derive(Default)]
    struct Events(Vec<String>);

    impl Observer for Events {
        fn event(&mut self, event: &Event<'_>) {
            self.0.push(format!("{event:?}"));
        }
    }

    struct Gate {
        engine: Engine,
        shared: LocalData,
        events: Events,
        now: Timestamp,
        flight: Option<(FlightId, Callout)>,
    }

    impl HostVerifier for Timestamp {}

    impl Inputs for Timestamp {
        fn now(&mut self) -> Timestamp {
            *self
        }

        fn random(&mut self) -> u64 {
            0
        }
    }

    impl Gate {
        fn new() -> Self {
            let config = Config::parse(POLICY.as_bytes()).unwrap();
            let policy = Arc::new(Policy::compile(&config, &Login).unwrap());
            let mut events = Events::default();
            Self {
                engine: Engine::new(policy, &Store::new(7), &mut events),
                shared: LocalData::default(),
                events,
                now: Timestamp::from_nanos(1_700_000_000_000_000_000),
                flight: None,
            }
        }

        fn header(&self, name: &str) -> String {
            let (_, callout) = self.flight.as_ref().unwrap();
            let found = callout.headers.iter().find(|(own, _)| **own == *name.as_bytes());
            found.map_or_else(String::new, |(_, value)| value.escape_ascii().to_string())
        }

        /// The path of the callout that is sent now, if one is.
        fn sent(&mut self) -> String {
            self.flight = self.engine.callouts().pop();
            if self.flight.is_some() {
                self.header(":path")
            } else {
                String::new()
            }
        }

        fn tick(&mut self, after: Duration) -> String {
            self.now = self.now.after(after);
            let _ = self.engine.tick(self.now, &mut self.shared, &mut self.events);
            self.sent()
        }

        fn reply(&mut self, status: &str, state: &str, body: &str) -> String {
            let pairs = [(":status", status), ("x-state", state)];
            self.result(Ok(Reply {
                headers: HeaderMap::from_pairs(&pairs),
                body: body.as_bytes().to_vec(),
            }))
        }

        fn result(&mut self, reply: Result<Reply, CalloutError>) -> String {
            let (flight, _) = self.flight.take().unwrap();
            let _ = self.engine.reply(flight, reply, self.now, &mut self.shared, &mut self.events);
            self.sent()
        }

        /// Where a request is redirected to, by the document.
        fn colour(&mut self) -> String {
            let pairs = [(":method", "GET"), (":path", "/"), (":authority", "a")];
            let headers = HeaderMap::from_pairs(&pairs);
            let request = Request::new(headers.view());
            let edits = &mut Edits::default();
            let step = self.engine.start(&request, edits, &mut self.now, &mut self.events);
            let Step::Respond(response) = step else {
                panic!("{step:?}");
            };
            let location = response.headers.iter().find(|(name, _)| **name == *b"location");
            let Some((_, location)) = location else {
                return response.status.to_string();
            };
            let location = location.escape_ascii().to_string();
            location.rsplit('/').next().unwrap().to_owned()
        }

        fn has_event(&self, part: &str) -> bool {
            self.events.0.iter().any(|event| event.contains(part))
        }
    }

    const SOON: Duration = Duration::from_millis(100);

    /// A gate that has logged in, and has the document of the state `1`.
    fn loaded() -> Gate {
        let mut gate = Gate::new();
        assert_eq!(gate.colour(), "503");
        assert_eq!(gate.tick(SOON), "/login");
        assert_eq!(gate.header("authorization"), "hunter2");
        assert_eq!(gate.reply("200", "", "t1"), "/poll/flags");
        assert_eq!(gate.header("x-token"), "t1");
        assert_eq!(gate.header("x-known"), "");
        assert_eq!(gate.reply("200", "1", ""), "/document/flags");
        assert_eq!(gate.reply("200", "", RED), "");
        assert_eq!(gate.colour(), "red");
        gate
    }

    #[test]
    fn logs_in_polls_and_reads() {
        let mut gate = loaded();
        assert_eq!(gate.tick(SOON), "/poll/flags", "the next poll follows at once");
        assert_eq!(gate.header("x-known"), "1");
        let timeout = gate.flight.as_ref().unwrap().1.timeout;
        assert_eq!(timeout, Duration::from_secs(20));
        gate.now = gate.now.after(timeout);
        assert_eq!(gate.result(Err(CalloutError::NoReply)), "");
        assert!(!gate.has_event("SourceFailed"), "nothing has changed");
        assert_eq!(gate.tick(SOON), "/poll/flags");
        assert_eq!(gate.reply("304", "", ""), "");
        assert_eq!(gate.tick(SOON), "/poll/flags");
        assert_eq!(gate.reply("200", "2", ""), "/document/flags");
        assert_eq!(gate.reply("200", "", BLUE), "");
        assert_eq!(gate.colour(), "blue");
        assert_eq!(gate.tick(SOON), "/poll/flags");
        assert_eq!(gate.header("x-known"), "2");
        assert!(!format!("{:?}", gate.engine).contains("hunter2"));
        assert!(!gate.has_event("hunter2"));
    }

    #[test]
    fn logs_in_again_when_a_token_has_ended() {
        let mut gate = loaded();
        assert_eq!(gate.tick(SOON), "/poll/flags");
        assert_eq!(gate.reply("401", "", ""), "/login");
        assert_eq!(gate.reply("200", "", "t2"), "/poll/flags");
        assert_eq!(gate.header("x-token"), "t2");
        assert_eq!(gate.reply("200", "2", ""), "/document/flags");
        assert_eq!(gate.reply("200", "", BLUE), "");
        assert_eq!(gate.colour(), "blue");
    }

    #[test]
    fn keeps_the_last_good_document() {
        let hour = Duration::from_secs(3600);
        let mut gate = loaded();
        for (status, state, document) in [
            ("404", "", None),
            ("500", "", None),
            ("200", "2", Some("no base64")),
        ] {
            assert_eq!(gate.tick(hour), "/poll/flags");
            let next = gate.reply(status, state, "");
            if let Some(document) = document {
                assert_eq!(next, "/document/flags");
                assert_eq!(gate.reply("200", "", document), "");
            }
            assert!(gate.has_event("SourceFailed"), "{status}");
            gate.events.0.clear();
            assert_eq!(gate.colour(), "red");
        }
        assert_eq!(gate.tick(hour), "/poll/flags");
        assert_eq!(gate.reply("401", "", ""), "/login");
        assert_eq!(gate.reply("401", "", ""), "");
        assert!(gate.has_event("Refused(401)"));
        assert_eq!(gate.tick(hour), "/login", "a refused session is forgotten");
    }

    #[test]
    fn a_large_document_is_read_in_slices() {
        let line = "bGluZT1vbmVfdHdvX3RocmVlX2ZvdXJfCg==";
        assert_eq!(line.len(), 36);
        let mut gate = loaded();
        assert_eq!(gate.tick(SOON), "/poll/flags");
        assert_eq!(gate.reply("200", "2", ""), "/document/flags");
        let many = "bGluZT1vbmUK".repeat(60_000);
        assert_eq!(gate.reply("200", "", &(many + BLUE)), "");
        assert!(gate.engine.is_reading());
        assert_eq!(gate.colour(), "red");
        for _ in 0..50 {
            let _ = gate.tick(Duration::from_millis(1));
        }
        assert!(!gate.engine.is_reading());
        assert_eq!(gate.colour(), "blue");
    }
}
