//! What an engine answers, and an exchange that waits.

use crate::http::{Edits, Response};
use crate::time::Timestamp;

use super::{Engine, Inputs, Observer};

/// What is to be done with an exchange now.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Perform the edits and let the request go on.
    Continue(Edits),
    /// Answer it here; it is over.
    Respond(Response),
    /// Hold the request until it is woken.
    Wait(Waiting),
}

/// An exchange that waits: for a flight or a document, until a deadline at the latest.
#[derive(Debug)]
pub struct Waiting {
    /// The exchange itself. Dropping it (the client went away) ends its waiting.
    pub suspended: Suspended,
    /// When [`Engine::tick`] wakes it at the latest.
    pub deadline: Timestamp,
}

/// Names one waiting exchange, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExchangeId(pub(super) u64);

/// Names one callout under way, unique within a VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlightId(pub(super) u64);

/// The exchanges that may go on: the driver resumes each one that it still holds, whichever engine it belongs to.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Woken(pub Vec<ExchangeId>);

/// An exchange in the middle of its way. It owns what it needs of the request.
#[derive(Debug)]
pub struct Suspended {
    id: ExchangeId,
}

impl Suspended {
    /// Its name in [`Woken`].
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.id
    }

    /// Goes on, with the engine that it came from.
    pub fn resume(
        self,
        _engine: &mut Engine,
        _inputs: &mut dyn Inputs,
        _observer: &mut dyn Observer,
    ) -> Step {
        Step::Continue(Edits::default())
    }
}
