//! A host to drive the adapter with: it does what Envoy does as far as the adapter can see it, by a script, and records the calls.
//!
//! [`FakeVm`] is one VM with its host. It calls the callbacks below their `extern "C"` edge, where a panic is a failed
//! test. With the driver of the Wasm module the host calls run through the same wrappers as in Envoy; a second driver calls
//! the host directly, as native code does. Several VMs share a [`World`]: its clock, its shared data, its environment. What
//! would end Envoy (a second local response, an edit too late) is a [`violation`](FakeVm::violations).

pub(super) mod call;
mod driver;
pub(super) mod foreign;
mod native;
mod state;
pub(super) mod stats;

use std::cell::{Cell, Ref, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::SignatureCheck;
use crate::http::{HeaderMap, Headers};
use crate::policy::{Fingerprint, Policy};
use crate::source::LocalData;
use crate::time::Timestamp;

use super::{Action, CallToken, ContextId, VmSeed};

use stats::Stat;

pub use driver::{Callbacks, Driver};
pub use state::{FakeHost, LocalResponse, SentCallout};

/// The seed of the VMs' hash tables.
const SEED: u64 = 0x0123_4567_89ab_cdef;

/// Header pairs, owned.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// What several VMs have in common.
#[derive(Clone, Debug, Default)]
pub struct World {
    clock: Rc<Cell<Timestamp>>,
    shared: Rc<RefCell<LocalData>>,
    variables: Rc<RefCell<BTreeMap<String, String>>>,
    stats: Rc<RefCell<BTreeMap<String, Stat>>>,
}

impl World {
    /// A world at `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let world = Self::default();
        world.clock.set(now);
        world
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.clock.get()
    }

    /// Lets time pass, without ticks.
    pub fn pass(&self, span: Duration) {
        self.clock.set(self.clock.get().after(span));
    }

    /// Sets a variable of the VMs' environment.
    pub fn set_variable(&self, name: &str, value: &str) {
        let mut variables = self.variables.borrow_mut();
        variables.insert(name.to_owned(), value.to_owned());
    }

    /// The stats, by name. A stat ends with the last VM that has defined it.
    #[must_use]
    pub fn stats(&self) -> BTreeMap<String, u64> {
        let stats = self.stats.borrow();
        let all = stats.iter();
        all.map(|(name, stat)| (name.clone(), stat.value)).collect()
    }

    /// The shared data.
    #[must_use]
    pub fn shared(&self) -> RefMut<'_, LocalData> {
        self.shared.borrow_mut()
    }
}

/// The result of a stream for its client and its upstream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// The request went on with these headers.
    Forwarded(Pairs),
    /// It was answered here.
    Answered(LocalResponse),
    /// It is held.
    Held,
}

/// One VM and its host.
#[derive(Debug)]
pub struct FakeVm {
    host: Rc<RefCell<FakeHost>>,
    vm: Rc<dyn Callbacks>,
}

impl FakeVm {
    /// A VM in `world` with the random name `name`, by the driver of the Wasm module.
    #[must_use]
    pub fn new(world: &World, name: u64) -> Self {
        Self::start(world, Driver::Wasm, VmSeed::of(name, SEED))
    }

    /// The same by a driver that calls the fake host directly.
    #[must_use]
    pub fn native(world: &World, name: u64) -> Self {
        Self::start(world, Driver::Native, VmSeed::of(name, SEED))
    }

    /// A VM by this driver, with these random numbers.
    #[must_use]
    pub fn start(world: &World, driver: Driver, seed: VmSeed) -> Self {
        let vm = driver.vm(seed);
        let host = FakeHost::new(world.clone(), Rc::clone(&vm));
        let host = Rc::new(RefCell::new(host));
        Self { host, vm }
    }

    /// The VM's callbacks.
    #[must_use]
    pub fn vm(&self) -> &dyn Callbacks {
        &*self.vm
    }

    /// The world that the VM is in.
    #[must_use]
    pub fn world(&self) -> World {
        self.host.borrow().world.clone()
    }

    /// The host's records.
    #[must_use]
    pub fn host(&self) -> Ref<'_, FakeHost> {
        self.host.borrow()
    }

    /// The host, to be scripted.
    #[must_use]
    pub fn script(&self) -> RefMut<'_, FakeHost> {
        self.host.borrow_mut()
    }

    /// What would have ended Envoy.
    #[must_use]
    pub fn violations(&self) -> Vec<String> {
        self.host.borrow().violations.clone()
    }

    /// Makes a callback for `context`, and then what the host does after it.
    fn enter<T>(&self, context: ContextId, callback: impl FnOnce(&dyn Callbacks) -> T) -> T {
        let answer = {
            let _entered = call::Entered::new(&self.host, context);
            callback(&*self.vm)
        };
        self.after();
        answer
    }

    /// Local responses run our own response callback; requests that were continued go on.
    fn after(&self) {
        loop {
            let next = self.host.borrow_mut().next_answered();
            let Some((stream, response)) = next else {
                return;
            };
            let mut headers = response.headers.clone();
            let status = response.status.to_string().into_bytes();
            headers.insert(0, (b":status".to_vec(), status));
            self.respond(stream, headers);
        }
    }

    fn respond(&self, stream: ContextId, headers: Pairs) -> Action {
        self.host.borrow_mut().open_response(stream, headers);
        let action = self.enter(stream, |vm| vm.on_response_headers(stream));
        self.host.borrow_mut().close_response(stream);
        action
    }

    /// Makes a root context.
    #[must_use]
    pub fn root(&self) -> ContextId {
        self.context(ContextId(0), None)
    }

    /// Makes a stream of `root`.
    #[must_use]
    pub fn stream(&self, root: ContextId) -> ContextId {
        self.context(root, None)
    }

    /// Makes a stream of `root` for one more filter of the exchange of `stream`.
    #[must_use]
    pub fn stream_beside(&self, stream: ContextId, root: ContextId) -> ContextId {
        self.context(root, Some(stream))
    }

    fn context(&self, parent: ContextId, beside: Option<ContextId>) -> ContextId {
        let context = self.host.borrow_mut().create(parent, beside);
        self.enter(context, |vm| vm.on_context_create(context, parent));
        context
    }

    /// Pushes a configuration to `root`; says whether the VM accepts it.
    pub fn configure(&self, root: ContextId, configuration: &[u8]) -> bool {
        self.host.borrow_mut().configuration = Some(configuration.to_vec());
        let is_accepted = self.enter(root, |vm| vm.on_configure(root, configuration.len()));
        self.host.borrow_mut().configuration = None;
        is_accepted
    }

    /// Gives `root` a policy that is compiled already; says whether the VM accepts it.
    pub fn share(&self, root: ContextId, policy: &Arc<Policy>, fingerprint: Fingerprint) -> bool {
        self.enter(root, |vm| {
            vm.on_policy(root, Arc::clone(policy), fingerprint)
        })
    }

    /// Brings the headers of a request.
    pub fn request<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        stream: ContextId,
        headers: &[(N, V)],
    ) -> RequestOutcome {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.as_ref().to_vec(), value.as_ref().to_vec()))
            .collect();
        self.host.borrow_mut().open_request(stream, pairs);
        let action = self.enter(stream, |vm| vm.on_request_headers(stream));
        self.host.borrow_mut().decided(stream, action);
        self.outcome(stream)
    }

    /// Brings a request with the bytes `wire` as its header map, valid or not.
    pub fn raw_request(&self, stream: ContextId, wire: &[u8]) -> RequestOutcome {
        self.host.borrow_mut().raw_map = Some(wire.to_vec());
        let outcome = self.request::<&[u8], &[u8]>(stream, &[]);
        self.host.borrow_mut().raw_map = None;
        outcome
    }

    /// Brings the upstream's response headers. Returns them as they go to the client; `None` where they are held.
    pub fn response<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        stream: ContextId,
        headers: &[(N, V)],
    ) -> Option<Pairs> {
        let pairs = headers
            .iter()
            .map(|(name, value)| (name.as_ref().to_vec(), value.as_ref().to_vec()))
            .collect();
        let action = self.respond(stream, pairs);
        (action == Action::Continue).then(|| self.host.borrow().response_headers(stream))
    }

    /// The result of a stream.
    #[must_use]
    pub fn outcome(&self, stream: ContextId) -> RequestOutcome {
        self.host.borrow().outcome(stream)
    }

    /// The callouts that were sent and not answered yet, in order.
    #[must_use]
    pub fn callouts(&self) -> Vec<SentCallout> {
        self.host.borrow().pending.clone()
    }

    /// Answers a callout, known or not.
    pub fn reply<N: AsRef<[u8]>, V: AsRef<[u8]>>(
        &self,
        token: CallToken,
        headers: &[(N, V)],
        body: &[u8],
    ) {
        let wire = HeaderMap::from_pairs(headers).as_wire().to_vec();
        self.raw_reply(token, headers.len(), wire, body);
    }

    /// Answers a callout with the status alone and a body.
    pub fn reply_status(&self, token: CallToken, status: u16, body: &[u8]) {
        self.reply(token, &[(":status", status.to_string())], body);
    }

    /// Fails a callout: no headers come.
    pub fn fail(&self, token: CallToken) {
        self.raw_reply(token, 0, Vec::new(), b"");
    }

    /// Answers a callout with `count` headers that read as the bytes `wire`.
    pub fn raw_reply(&self, token: CallToken, count: usize, wire: Vec<u8>, body: &[u8]) {
        let root = {
            let mut host = self.host.borrow_mut();
            host.reply = Some((wire, body.to_vec()));
            host.answered(token)
        };
        self.enter(root, |vm| {
            vm.on_http_call_response(token, count, body.len());
        });
        self.host.borrow_mut().reply = None;
    }

    /// Ticks a root.
    pub fn tick(&self, root: ContextId) {
        self.enter(root, |vm| vm.on_tick(root));
    }

    /// Asks the VM whether a signature is good, as a provider does in a decision.
    #[must_use]
    pub fn verify(&self, stream: ContextId, check: &SignatureCheck<'_>) -> Option<bool> {
        self.enter(stream, |vm| vm.verify(check))
    }

    /// Ends a context.
    pub fn delete(&self, context: ContextId) {
        self.enter(context, |vm| vm.on_delete(context));
        self.host.borrow_mut().delete(context);
    }
}

/// The arguments by which the module asks its host whether a signature is good.
#[must_use]
pub fn signature_arguments(check: &SignatureCheck<'_>) -> Vec<u8> {
    super::wasm::signature_arguments(check)
}

/// Reads pairs in wire form; none where they aren't.
fn pairs(wire: &[u8]) -> Pairs {
    Headers::parse(wire).map_or_else(
        |_| Vec::new(),
        |headers| {
            headers
                .iter()
                .map(|(name, value)| (name.to_vec(), value.to_vec()))
                .collect()
        },
    )
}
