//! What an engine answers, and an exchange that waits.

use std::cell::RefCell;
use std::rc::Rc;

use crate::http::{Edits, HeaderMap, Request, Response};
use crate::time::Timestamp;

use super::store::Mail;
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
    pub(super) slot: Rc<Slot>,
    pub(super) headers: HeaderMap,
    pub(super) memory: Memory,
}

/// Where a waiting exchange is reached. What it waits for knows it weakly: dropping the exchange ends the waiting.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: ExchangeId,
    pub(super) deadline: Timestamp,
    pub(super) mail: RefCell<Vec<Mail>>,
}

/// What an exchange remembers from before it waited.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// What the flights that it waited for brought.
    pub(super) answers: Vec<Mail>,
    /// When it began to wait.
    pub(super) since: Option<Timestamp>,
    /// How often it has waited.
    pub(super) waits: u8,
    /// Whether it has waited until a deadline: it waits no more.
    pub(super) overdue: bool,
}

impl Suspended {
    /// Its name in [`Woken`].
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.slot.id
    }

    /// Goes on, with the engine that it came from. The stages run anew over the same request, with what was waited for
    /// at hand, so that every decision of an exchange is taken at one moment.
    pub fn resume(
        self,
        engine: &mut Engine,
        inputs: &mut dyn Inputs,
        observer: &mut dyn Observer,
    ) -> Step {
        let Self {
            slot,
            headers,
            mut memory,
        } = self;
        memory.answers.append(&mut slot.mail.borrow_mut());
        memory.overdue |= inputs.now() >= slot.deadline;
        engine.proceed(&Request::new(headers.view()), memory, inputs, observer)
    }
}
