//! What a VM knows of the host's contexts.

use std::rc::Rc;

use crate::engine::{ExchangeId, FlightId, Suspended};
use crate::host::id::{CallToken, ContextId, Table};
use crate::host::instance::PolicyInstance;
use crate::host::refusal::Refusal;
use crate::host::roots::Roots;
use crate::http::{CalloutError, Edit, LateEdits, Reply, Text};

use super::roots::StreamRoots;

/// What is still to be done for a stream.
#[derive(Debug)]
pub(in crate::host) enum StreamState {
    /// Its request waits.
    Waiting(Box<WaitingExchange>),
    /// Its request went on, and these edits are for the response.
    Editing(PendingEdits),
}

/// What changes a response when it comes.
#[derive(Debug)]
pub(in crate::host) enum PendingEdits {
    /// These edits.
    Known(Box<[Edit]>),
    /// Edits that the response decides.
    Late(Box<LateEdits>),
}

/// An exchange that waits, and the policy instance that it belongs to.
#[derive(Debug)]
pub(in crate::host) struct WaitingExchange {
    pub(in crate::host) suspended: Suspended,
    pub(in crate::host) instance: Rc<PolicyInstance>,
}

/// A callout without a reply yet, and the policy instance that it belongs to.
#[derive(Debug)]
pub(in crate::host) struct PendingCallout {
    pub(in crate::host) instance: Rc<PolicyInstance>,
    pub(in crate::host) id: FlightId,
    /// Where it goes.
    pub(in crate::host) cluster: Text,
    /// How much of the reply's content is of use.
    pub(in crate::host) max_bytes: usize,
}

/// Replies that came before the host told the token of their callout.
pub(in crate::host) type Early = Vec<(CallToken, Result<Reply, CalloutError>)>;

/// The tables of one VM. They aren't borrowed while the host or an engine is called.
#[derive(Debug, Default)]
pub(in crate::host) struct Tables {
    pub(in crate::host) roots: Roots,
    pub(in crate::host) stream_roots: StreamRoots,
    /// The streams for which something is still to be done. Most are decided at once, and have no entry.
    pub(in crate::host) open: Table<ContextId, StreamState>,
    pub(in crate::host) callouts: Table<CallToken, PendingCallout>,
    pub(in crate::host) exchanges: Table<ExchangeId, ContextId>,
    /// Exchanges that are to be woken on the next tick.
    pub(in crate::host) later: Vec<ExchangeId>,
    /// `Some` while a callout is being sent.
    pub(in crate::host) early: Option<Early>,
}

impl Tables {
    /// The policy instance of a stream's root.
    ///
    /// # Errors
    /// The stream is unknown, or its root has no policy.
    pub(in crate::host) fn instance_of(
        &self,
        stream: ContextId,
    ) -> Result<&Rc<PolicyInstance>, Refusal> {
        let root = self.stream_roots.get(stream);
        let root = root.ok_or(Refusal::UnknownContext)?;
        self.roots.get(root).flatten().ok_or(Refusal::NoPolicy)
    }

    /// Has a stream wait.
    pub(in crate::host) fn hold(&mut self, stream: ContextId, waiting: WaitingExchange) {
        self.exchanges.insert(waiting.suspended.id(), stream);
        self.open
            .insert(stream, StreamState::Waiting(Box::new(waiting)));
    }

    /// Takes a waiting exchange out, where it still waits.
    pub(in crate::host) fn take(
        &mut self,
        exchange: ExchangeId,
    ) -> Option<(ContextId, WaitingExchange)> {
        let stream = self.exchanges.remove(&exchange)?;
        match self.open.remove(&stream)? {
            StreamState::Waiting(waiting) => Some((stream, *waiting)),
            StreamState::Editing(_) => None,
        }
    }

    /// Keeps the edits that a stream's response is to get.
    #[inline(never)]
    pub(in crate::host) fn edit_later(&mut self, stream: ContextId, edits: PendingEdits) {
        self.open.insert(stream, StreamState::Editing(edits));
    }

    /// Takes out the edits that a stream's response is to get now.
    pub(in crate::host) fn edits(&mut self, stream: ContextId) -> Option<PendingEdits> {
        if self.open.is_empty() {
            None
        } else {
            self.take_edits(stream)
        }
    }

    #[inline(never)]
    fn take_edits(&mut self, stream: ContextId) -> Option<PendingEdits> {
        match self.open.remove(&stream)? {
            StreamState::Editing(edits) => Some(edits),
            waiting @ StreamState::Waiting(_) => {
                self.open.insert(stream, waiting);
                None
            }
        }
    }

    /// Removes a stream, and returns what was still to be done for it. The outer `None` means that the context is no stream.
    pub(in crate::host) fn remove_stream(
        &mut self,
        stream: ContextId,
    ) -> Option<Option<StreamState>> {
        if !self.stream_roots.remove(stream) {
            return None;
        }
        if self.open.is_empty() {
            return Some(None);
        }
        Some(self.remove_open(stream))
    }

    #[inline(never)]
    fn remove_open(&mut self, stream: ContextId) -> Option<StreamState> {
        let open = self.open.remove(&stream)?;
        if let StreamState::Waiting(waiting) = &open {
            self.exchanges.remove(&waiting.suspended.id());
        }
        Some(open)
    }

    /// Drops all callouts of an instance, and takes out the streams that wait for its engine.
    pub(in crate::host) fn vacate(&mut self, instance: &Rc<PolicyInstance>) -> Vec<ContextId> {
        self.callouts
            .retain(|_, callout| !Rc::ptr_eq(&callout.instance, instance));
        let of_instance = self.open.iter().filter(|(_, open)| match open {
            StreamState::Waiting(waiting) => Rc::ptr_eq(&waiting.instance, instance),
            StreamState::Editing(_) => false,
        });
        let orphans: Vec<ContextId> = of_instance.map(|(stream, _)| *stream).collect();
        for stream in &orphans {
            if let Some(StreamState::Waiting(waiting)) = self.open.remove(stream) {
                self.exchanges.remove(&waiting.suspended.id());
            }
        }
        orphans
    }
}
