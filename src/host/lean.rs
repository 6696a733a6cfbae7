//! A VM of the lean module, which is called for a request's headers and nothing else of a stream.
//!
//! Each callback that a module exports costs every request, and most policies can do with one. So there is a second module
//! of the same code, finished without those for the beginning of contexts, for responses, and for the end of contexts
//! (`crates/postlink/src/table.rs`). A VM finds out that it is one when a root is configured that didn't begin. Then
//!
//! - streams are known to be of the only root, or else by [`Descent`](super::descent::Descent);
//! - a policy that needs more of a stream is refused ([`Policy::suits_lean`]): no request waits, so none can be let go on
//!   after the host has destroyed it;
//! - roots that are gone are looked for by the others, when one has got its policy (policies may be replaced faster than
//!   any ticks, and a VM's memory never shrinks) and on their ticks. Nobody tells the end of the VM: what was counted since
//!   the last tick is lost then, its part of the gauges that are sums stays, and its leases run out by themselves.

use std::rc::Rc;

use crate::config::ConfigErrors;
use crate::policy::Policy;

use super::abi::{self, Failure, Status};
use super::id::ContextId;
use super::refusal::Refusal;
use super::seat::Seat;
use super::vm::Vm;

impl Vm {
    /// Whether the host doesn't tell this VM of contexts.
    pub(super) fn is_lean(&self) -> bool {
        self.lean.get()
    }

    /// A root is about to be configured: the first callback for it in a lean VM, before any for a stream of its.
    pub(super) fn meet(&self, root: ContextId) {
        let is_untold = self.with(|tables| {
            let is_untold = !tables.roots.has(root);
            tables.roots.begin(root);
            is_untold
        });
        if is_untold == Some(true) {
            self.lean.set(true);
        }
    }

    /// Whether a policy can run here.
    ///
    /// # Errors
    /// Why it can't.
    pub(super) fn suits(&self, policy: &Policy) -> Result<(), ConfigErrors> {
        if self.is_lean() {
            policy.suits_lean()
        } else {
            Ok(())
        }
    }

    /// Sees to it that the root of this callback can be told from others.
    ///
    /// # Errors
    /// That it can't.
    pub(super) fn tell_apart(&self, root: ContextId) -> Result<(), ConfigErrors> {
        if !self.is_lean() {
            return Ok(());
        }
        self.descent.mark(root).map_err(|failure| {
            self.events.trouble(&failure);
            let mut errors = ConfigErrors::default();
            errors.suggest(
                "",
                format!("the lean module could not tell two policies of one VM apart: {failure}"),
                "allow the call in capability_restriction_config, or use postern.wasm",
            );
            errors
        })
    }

    /// The seat of the stream that this callback is for, where what was told of contexts says `found`; nothing where the
    /// tables can't be read.
    #[inline(never)]
    pub(super) fn seat_of_untold(&self, found: Option<Refusal>) -> Result<Rc<Seat>, Refusal> {
        let found = found.unwrap_or(Refusal::NoEngine);
        if found != Refusal::UnknownContext || !self.is_lean() {
            return Err(found);
        }
        match self.with(|tables| tables.roots.only().map(Option::<&Rc<Seat>>::cloned)) {
            Some(Some(seat)) => seat.ok_or(Refusal::NoPolicy),
            Some(None) => self.seat_by_descent(),
            None => Err(Refusal::NoEngine),
        }
    }

    #[inline(never)]
    fn seat_by_descent(&self) -> Result<Rc<Seat>, Refusal> {
        let root = self.descent.root_of_stream().unwrap_or_else(|failure| {
            self.events.trouble(&failure);
            None
        });
        let root = root.ok_or(Refusal::UnknownContext)?;
        let seat = self.with(|tables| tables.roots.get(root).flatten().cloned());
        seat.flatten().ok_or(Refusal::NoPolicy)
    }

    /// Ends the roots that a lean VM's host knows no more. In a callback of the root `own`, which has a policy: one
    /// without would be left alone in the VM, as if on trial.
    pub(super) fn end_lost_roots(&self, own: ContextId) {
        if !self.is_lean() {
            return;
        }
        let others = self.with(|tables| tables.roots.others(own));
        let others = others.unwrap_or_default();
        if others.is_empty() {
            return;
        }
        match lost_of(others, own) {
            Ok(lost) => lost.into_iter().for_each(|root| {
                self.end(root);
            }),
            Err(failure) => self.events.trouble(&failure),
        }
    }
}

/// Those of these roots that the host knows no more. In a callback of the root `own`, which is the effective one again then.
///
/// # Errors
/// The first host call's that tells nothing: where it doesn't know the living `own` either, it says nothing of the others.
fn lost_of(others: Vec<ContextId>, own: ContextId) -> Result<Vec<ContextId>, Failure> {
    let mut lost = Vec::new();
    let asked = others.into_iter().try_for_each(|root| {
        let known = abi::set_effective_context(root);
        if known.is_err_and(|failure| failure.status == Status::BAD_ARGUMENT) {
            lost.push(root);
            return Ok(());
        }
        known
    });
    let back = abi::set_effective_context(own);
    asked.and(back)?;
    Ok(lost)
}
