//! The drivers that a fake VM can have.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use crate::crypto::{HostVerifier as _, SignatureCheck};
use crate::host::wasm::{self, Wasm};
use crate::host::{Action, CallToken, ContextId, Host, Ignored, Vm, VmSeed};
use crate::policy::{Fingerprint, Policy};

use super::native::Native;

/// A way to load the filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Driver {
    /// That of the Wasm module, with its raw calls.
    Wasm,
    /// One that calls the host directly, as native code does.
    Native,
}

impl Driver {
    /// All drivers.
    pub const ALL: [Self; 2] = [Self::Wasm, Self::Native];

    pub(super) fn vm(self, seed: VmSeed) -> Rc<dyn Callbacks> {
        wasm::install_log();
        match self {
            Self::Wasm => Rc::new(Vm::new(Wasm, seed)),
            Self::Native => Rc::new(Vm::new(Native, seed)),
        }
    }
}

/// The callbacks of a [`Vm`], whatever its host.
#[expect(missing_docs, reason = "the methods are those of `Vm`")]
pub trait Callbacks: fmt::Debug {
    fn on_context_create(&self, context: ContextId, parent: ContextId);
    fn on_configure(&self, root: ContextId, size: usize) -> bool;
    fn on_policy(&self, root: ContextId, policy: Arc<Policy>, fingerprint: Fingerprint) -> bool;
    fn on_tick(&self, root: ContextId);
    fn on_request_headers(&self, stream: ContextId) -> Action;
    fn on_response_headers(&self, stream: ContextId) -> Action;
    fn on_http_call_response(&self, token: CallToken, headers: usize, body: usize);
    fn on_delete(&self, context: ContextId);
    fn ignored(&self) -> Ignored;
    fn verify(&self, check: &SignatureCheck<'_>) -> Option<bool>;
}

impl<H: Host> Callbacks for Vm<H> {
    fn on_context_create(&self, context: ContextId, parent: ContextId) {
        self.on_context_create(context, parent);
    }

    fn on_configure(&self, root: ContextId, size: usize) -> bool {
        self.on_configure(root, size)
    }

    fn on_policy(&self, root: ContextId, policy: Arc<Policy>, fingerprint: Fingerprint) -> bool {
        self.on_policy(root, policy, fingerprint, 0)
    }

    fn on_tick(&self, root: ContextId) {
        self.on_tick(root);
    }

    fn on_request_headers(&self, stream: ContextId) -> Action {
        self.on_request_headers(stream)
    }

    fn on_response_headers(&self, stream: ContextId) -> Action {
        self.on_response_headers(stream)
    }

    fn on_http_call_response(&self, token: CallToken, headers: usize, body: usize) {
        self.on_http_call_response(token, headers, body);
    }

    fn on_delete(&self, context: ContextId) {
        self.on_delete(context);
    }

    fn ignored(&self) -> Ignored {
        self.ignored()
    }

    fn verify(&self, check: &SignatureCheck<'_>) -> Option<bool> {
        self.inputs().verify_signature(check)
    }
}
