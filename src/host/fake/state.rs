//! The state of the fake host: its script, what it knows of each context, and what it has recorded.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use crate::host::{Action, CallToken, ContextId, Status};

use super::{Callbacks, Pairs, RequestOutcome, World};

/// A local response as the adapter sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalResponse {
    /// The HTTP status.
    pub status: u32,
    /// The headers besides.
    pub headers: Pairs,
    /// The content.
    pub body: Vec<u8>,
    /// The response-code details.
    pub details: String,
    /// The gRPC status; -1 for none.
    pub grpc_status: i32,
    /// The request's `:path` at that moment, which an access log shows.
    pub path: Vec<u8>,
}

/// A callout as the adapter sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentCallout {
    /// What it is answered by.
    pub token: CallToken,
    /// The context that was the effective one.
    pub context: ContextId,
    /// The cluster.
    pub cluster: String,
    /// All headers.
    pub headers: Pairs,
    /// The content.
    pub body: Vec<u8>,
    /// When the host gives up.
    pub timeout: Duration,
}

/// One stream or root.
#[derive(Debug, Default)]
pub(super) struct Context {
    pub(super) parent: u32,
    /// The request's headers; they may be read and edited while they are open.
    pub(super) request: Pairs,
    pub(super) request_open: bool,
    pub(super) response: Pairs,
    pub(super) response_open: bool,
    pub(super) local: Option<LocalResponse>,
    /// It went on, by the callback's answer or by a host call.
    pub(super) gone_on: bool,
    /// The exchange, by the number of its first filter's stream.
    pub(super) exchange: u32,
    /// The name of its plugin.
    pub(super) plugin: String,
}

/// The fake host of one VM. The public fields are its script.
#[derive(Debug)]
pub struct FakeHost {
    /// The clusters that callouts may go to; all clusters where the set is empty.
    pub clusters: BTreeSet<String>,
    /// Host calls that answer this status instead of doing anything, by their names in the ABI.
    pub failures: BTreeMap<String, Status>,
    /// The plugin of the contexts that begin from now on.
    pub plugin: String,
    /// The level of the log: 0 trace to 4 error.
    pub log_level: u32,
    /// What the function for signatures answers to every question, in place of the right answer.
    pub signature_answer: Option<bool>,
    /// Answers every callout from within the call that sends it, with this status.
    pub answer_at_once: Option<u16>,
    /// The header map that is handed over instead of a request's.
    pub raw_map: Option<Vec<u8>>,
    /// What was logged, with its level.
    pub logs: Vec<(u32, String)>,
    /// How often each host call was made.
    pub calls: BTreeMap<&'static str, u32>,
    /// The longest piece that was read of a buffer, in bytes.
    pub longest_read: usize,
    /// The tick period of each root in milliseconds, zero for none. Envoy keeps it when the root has ended.
    pub ticks: BTreeMap<ContextId, u32>,
    pub(super) violations: Vec<String>,
    pub(super) configuration: Option<Vec<u8>>,
    pub(super) reply: Option<(Vec<u8>, Vec<u8>)>,
    pub(super) pending: Vec<SentCallout>,
    pub(super) contexts: BTreeMap<u32, Context>,
    /// By exchange and name. All filters of an exchange see them.
    pub(super) properties: BTreeMap<(u32, String), String>,
    pub(super) world: World,
    pub(super) vm: Rc<dyn Callbacks>,
    pub(super) tokens: u32,
    /// Kind and name of each stat that this VM has a number for.
    pub(super) metrics: Vec<(u32, String)>,
    /// The stream of the current callback for request headers.
    pub(super) deciding: Option<u32>,
    /// Streams with a local response that is sent when the callback is over.
    unsent: VecDeque<u32>,
    last: u32,
}

impl Drop for FakeHost {
    /// The VM is gone, and with it the stats that it alone has defined.
    fn drop(&mut self) {
        let names: BTreeSet<_> = self.metrics.drain(..).map(|(_, name)| name).collect();
        let mut stats = self.world.stats.borrow_mut();
        for name in names {
            if let Some(stat) = stats.get_mut(&name) {
                stat.vms = stat.vms.saturating_sub(1);
            }
        }
        stats.retain(|_, stat| stat.vms > 0);
    }
}

impl FakeHost {
    pub(super) fn new(world: World, vm: Rc<dyn Callbacks>) -> Self {
        Self {
            clusters: BTreeSet::new(),
            failures: BTreeMap::new(),
            plugin: String::new(),
            log_level: 0,
            signature_answer: None,
            answer_at_once: None,
            raw_map: None,
            logs: Vec::new(),
            calls: BTreeMap::new(),
            longest_read: 0,
            ticks: BTreeMap::new(),
            violations: Vec::new(),
            configuration: None,
            reply: None,
            pending: Vec::new(),
            contexts: BTreeMap::new(),
            properties: BTreeMap::new(),
            world,
            vm,
            tokens: 0,
            metrics: Vec::new(),
            deciding: None,
            unsent: VecDeque::new(),
            last: 0,
        }
    }

    /// Has the host call `name` fail from now on, as a capability restriction makes it.
    pub fn restrict(&mut self, name: &str) {
        self.failures
            .insert(name.to_owned(), Status::INTERNAL_FAILURE);
    }

    /// The properties of a stream.
    #[must_use]
    pub fn properties(&self, stream: ContextId) -> BTreeMap<String, String> {
        let Some(context) = self.contexts.get(&stream.0) else {
            return BTreeMap::new();
        };
        let all = self.properties.iter();
        all.filter(|((exchange, _), _)| *exchange == context.exchange)
            .map(|((_, name), value)| (name.clone(), value.clone()))
            .collect()
    }

    pub(super) fn violation(&mut self, what: &str, context: u32) {
        self.violations.push(format!("{what} (context {context})"));
    }

    pub(super) fn create(&mut self, parent: ContextId, beside: Option<ContextId>) -> ContextId {
        self.last = self.last.saturating_add(1);
        let beside = beside.and_then(|other| self.contexts.get(&other.0));
        let context = Context {
            parent: parent.0,
            exchange: beside.map_or(self.last, |other| other.exchange),
            plugin: self.plugin.clone(),
            ..Context::default()
        };
        self.contexts.insert(self.last, context);
        ContextId(self.last)
    }

    /// Envoy ends the callouts of a root with it, without an answer.
    pub(super) fn delete(&mut self, context: ContextId) {
        self.contexts.remove(&context.0);
        self.pending.retain(|sent| sent.context != context);
    }

    pub(super) fn open_request(&mut self, stream: ContextId, headers: Pairs) {
        let context = self.contexts.entry(stream.0).or_default();
        context.request = headers;
        context.request_open = true;
        self.deciding = Some(stream.0);
    }

    pub(super) fn decided(&mut self, stream: ContextId, action: Action) {
        self.deciding = None;
        if let Some(context) = self.contexts.get_mut(&stream.0) {
            // A local response wins over whatever the callback answers.
            if action == Action::Continue && context.local.is_none() {
                context.gone_on = true;
                context.request_open = false;
            }
        }
    }

    pub(super) fn open_response(&mut self, stream: ContextId, headers: Pairs) {
        let context = self.contexts.entry(stream.0).or_default();
        context.response = headers;
        context.response_open = true;
    }

    pub(super) fn close_response(&mut self, stream: ContextId) {
        if let Some(context) = self.contexts.get_mut(&stream.0) {
            context.response_open = false;
        }
    }

    pub(super) fn response_headers(&self, stream: ContextId) -> Pairs {
        self.contexts
            .get(&stream.0)
            .map(|context| context.response.clone())
            .unwrap_or_default()
    }

    /// The `:path` that a stream's request has now.
    pub(super) fn request_path(&self, stream: u32) -> Vec<u8> {
        let request = self.contexts.get(&stream).map(|context| &context.request);
        let path = request.and_then(|pairs| pairs.iter().find(|(name, _)| name == b":path"));
        path.map(|(_, path)| path.clone()).unwrap_or_default()
    }

    pub(super) fn answer(&mut self, stream: u32, response: LocalResponse) {
        let Some(context) = self.contexts.get_mut(&stream) else {
            return;
        };
        if context.local.is_some() {
            return self.violation("a second local response", stream);
        }
        if context.gone_on && !context.response_open {
            self.violation("a local response after the request went on", stream);
        } else {
            context.local = Some(response);
            self.unsent.push_back(stream);
        }
    }

    /// The next local response that is to be sent now.
    pub(super) fn next_answered(&mut self) -> Option<(ContextId, LocalResponse)> {
        let stream = self.unsent.pop_front()?;
        let context = self.contexts.get_mut(&stream)?;
        context.request_open = false;
        Some((ContextId(stream), context.local.clone()?))
    }

    pub(super) fn outcome(&self, stream: ContextId) -> RequestOutcome {
        match self.contexts.get(&stream.0) {
            Some(context) => match &context.local {
                Some(local) => RequestOutcome::Answered(local.clone()),
                None if context.gone_on => RequestOutcome::Forwarded(context.request.clone()),
                None => RequestOutcome::Held,
            },
            None => RequestOutcome::Held,
        }
    }

    /// Removes a pending callout, and returns the context that is called back for it.
    pub(super) fn answered(&mut self, token: CallToken) -> ContextId {
        let index = self.pending.iter().position(|sent| sent.token == token);
        match index {
            Some(index) => self.pending.remove(index).context,
            None => ContextId(0),
        }
    }
}
