//! The state of one exchange, which its stages share. Each file in this folder is a stage. `decision.rs` has their order.

pub(super) mod answer;
pub(super) mod authenticate;
pub(super) mod authenticated;
pub(super) mod authorize;
mod callout_order;
pub(super) mod challenges;
mod claim_headers;
pub(super) mod forward;
pub(super) mod head;
pub(super) mod header_edits;
mod introspection;
pub(super) mod listed;
pub(super) mod lookup_result;
mod lookups;
mod on_demand;
pub(super) mod plan;
mod provider_inputs;
pub(super) mod request;
pub(super) mod respond;
pub(super) mod response_edits;
pub(super) mod strip;
mod target;
pub(super) mod upstream;
pub(super) mod values;
pub(super) mod waits;

use crate::http::{Callout, Edits};
use crate::policy::{Denial, Policy, Reason};

use super::Inputs;
use super::documents::Sources;
use super::documents::Store;
use super::documents::{EngineId, FlightId};
use super::memory::Memory;
use super::tokens::TokenMemory;

pub(super) use waits::{Awaited, Wait};

/// What the stages of one exchange need from the engine, and their results.
pub(super) struct Exchange<'e, O: ?Sized> {
    pub(super) policy: &'e Policy,
    pub(super) sources: &'e Sources,
    pub(super) store: &'e Store,
    pub(super) engine: EngineId,
    /// The callouts to send.
    pub(super) outbox: &'e mut Vec<(FlightId, Callout)>,
    pub(super) memory: &'e Memory,
    /// The tokens that were verified before.
    pub(super) tokens: &'e mut TokenMemory,
    /// The edits of an exchange that continues. Empty at the start.
    pub(super) edits: &'e mut Edits,
    pub(super) inputs: &'e mut dyn Inputs,
    pub(super) observer: &'e mut O,
}

/// The reason why an exchange stops at a stage.
#[derive(Debug)]
pub(super) enum Stop {
    /// The exchange is denied.
    Deny(Denial),
    /// The exchange waits until all of these have come, or their deadlines are over.
    Wait(Vec<Wait>),
}

impl From<Denial> for Stop {
    fn from(denial: Denial) -> Self {
        Self::Deny(denial)
    }
}

impl From<Reason> for Stop {
    fn from(reason: Reason) -> Self {
        Self::Deny(reason.into())
    }
}
