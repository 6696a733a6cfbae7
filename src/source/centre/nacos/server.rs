//! A namespace and a group of a Nacos server, and how one of its data IDs is asked for. Several protocols share it.

mod replies;

use std::time::Duration;

use crate::http::{Callout, Endpoint, Scheme, Text};
use crate::secret::Secret;
use crate::source::Version;
use crate::time::Timestamp;

use super::api::NacosApi;
use super::login::form;
use super::session::{NacosSession, Question};
use super::signer::Signer;
use super::state::md5;

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
    signer: Option<Signer>,
    /// What names the servers, where Envoy doesn't know them.
    addresses: Option<Endpoint>,
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
            signer: None,
            addresses: None,
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

    /// The same, where each request is signed.
    #[must_use]
    pub fn with_keys(mut self, access_key: &Secret, secret_key: &Secret) -> Self {
        self.signer = Some(Signer::new(access_key, secret_key));
        self
    }

    /// The same, where this endpoint of ACM names the servers. Each request says in a header to which one it goes.
    #[must_use]
    pub fn with_addresses(mut self, endpoint: Endpoint) -> Self {
        self.addresses = Some(endpoint);
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

    /// The question for addresses or the login, if one is due, or else the question or the read.
    fn next(&self, session: &mut NacosSession, data_id: &str, now: Timestamp) -> Callout {
        if let Some(endpoint) = self.due_addresses(session, now) {
            session.question = Question::Addresses;
            let mut callout = endpoint.request("GET", "/diamond-server/diamond".into());
            callout.max_bytes = MOST_SMALL;
            return callout;
        }
        if let Some(login) = self.due_login(session, now) {
            return self.log_in(session, login);
        }
        let api = self.api(session);
        if matches!(session.question, Question::Login | Question::Addresses) {
            session.question = session.first_question();
        }
        if !self.listens(session) {
            session.question = Question::Read;
        }
        session.asked = now;
        let mut callout = match session.question {
            Question::Listen => self.listen(session, data_id),
            Question::Addresses | Question::Login | Question::Read => {
                let path = self.path(api, data_id, "");
                self.endpoint.request("GET", path)
            }
        };
        session.used = session.login.number();
        if let Some(token) = session.login.token() {
            callout.headers.push(("accesstoken".into(), token));
        }
        if let Some(signer) = &self.signer {
            // The question of v1 names no group where the server looks for it, as that of Nacos' own client.
            let is_unnamed = api == NacosApi::V1 && session.question == Question::Listen;
            let resource = if is_unnamed { "" } else { &*self.resource() };
            signer.sign(&mut callout, resource, now);
        }
        if let Some(address) = session.addresses.present() {
            let name = "x-envoy-original-dst-host";
            callout.headers.push((name.into(), address));
        }
        callout
    }

    /// The endpoint, if it is to be asked for addresses next.
    fn due_addresses(&self, session: &NacosSession, now: Timestamp) -> Option<&Endpoint> {
        let is_due = session.addresses.is_needed(now);
        self.addresses.as_ref().filter(|_| is_due)
    }

    /// The port of servers for which the endpoint names none.
    fn port(&self) -> &'static str {
        match self.endpoint.scheme() {
            Scheme::Http => ":8080",
            Scheme::Https => ":443",
        }
    }

    /// What is signed: the namespace and the group.
    fn resource(&self) -> String {
        match &self.namespace {
            Some(namespace) => [namespace, "+", &*self.group].concat(),
            None => (*self.group).to_owned(),
        }
    }

    /// Whether the server can be asked if a content has changed.
    fn listens(&self, session: &NacosSession) -> bool {
        let can_listen = match self.api(session) {
            NacosApi::V1 => true,
            NacosApi::Acm => self.long_poll.is_some(),
            NacosApi::V2 | NacosApi::V3 => false,
        };
        can_listen && !session.found().has_no_listener
    }

    /// The content of the login, if that comes next.
    fn due_login(&self, session: &NacosSession, now: Timestamp) -> Option<&Secret> {
        let is_due = session.login.is_needed(now) && !session.has_logged_in;
        self.login.as_ref().filter(|_| is_due)
    }

    /// Whether the next exchange begins with a login, or the question for addresses.
    pub(in crate::source) fn needs_login(&self, session: &NacosSession, now: Timestamp) -> bool {
        let needs_token = self.login.is_some() && session.login.is_needed(now);
        needs_token || self.due_addresses(session, now).is_some()
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

    /// The question whether the content is another one. The query of v1 says nothing new, but the server checks the user's right by
    /// that: without it the user would need the right to read everything. Where it is signed it has none.
    fn listen(&self, session: &NacosSession, data_id: &str) -> Callout {
        let (path, parameter, timeout) = if self.api(session) == NacosApi::Acm {
            ("/config.co", "Probe-Modify-Request=", "longpullingtimeout")
        } else {
            let path = "/v1/cs/configs/listener";
            (path, "Listening-Configs=", "long-pulling-timeout")
        };
        let path = if self.signer.is_some() {
            Text::Owned([&*self.context, path].concat().into_bytes())
        } else {
            self.path(NacosApi::V1, data_id, "/listener")
        };
        let content = [parameter, &session.records].concat();
        let mut callout = self.post(path, content.into_bytes());
        let held = self.long_poll.unwrap_or_default().as_millis().to_string();
        let held = Text::Owned(held.into_bytes());
        callout.headers.push((timeout.into(), held));
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
}
