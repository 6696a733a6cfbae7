//! The step that an engine returns, and an exchange that waits.

use std::rc::Rc;

use crate::http::{Edits, HeaderMap, Request, Response};
use crate::time::Timestamp;

use super::documents::{ExchangeId, Waiter};
use super::memory::Memory;
use super::{Engine, Inputs, Observer};

/// What is to be done with an exchange now.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Perform the edits and let the request go on.
    Continue,
    /// Answer it here; it is over. The edits hold at most a new path, without credentials: the request is to have it before it
    /// is answered, because access logs show it.
    Respond(Box<Response>),
    /// Hold the request until it is woken.
    Wait(Box<Waiting>),
}

/// An exchange that waits: for a flight or a document, until a deadline at the latest.
#[derive(Debug)]
pub struct Waiting {
    /// The exchange itself. Dropping it (the client went away) ends its waiting.
    pub suspended: Suspended,
    /// When [`Engine::tick`] wakes it at the latest.
    pub deadline: Timestamp,
}

/// An exchange that waits. It owns a copy of the request's headers.
#[derive(Debug)]
pub struct Suspended {
    pub(super) waiter: Rc<Waiter>,
    pub(super) headers: HeaderMap,
    pub(super) memory: Memory,
}

impl Suspended {
    /// Its name in [`Woken`](super::Woken).
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.waiter.id
    }

    /// Goes on, with the engine that it came from. All stages run again over the same request, so that every decision of an
    /// exchange is made at one moment. Providers don't verify again what they verified before. Clears `edits` first.
    pub fn resume(
        self,
        engine: &mut Engine,
        edits: &mut Edits,
        inputs: &mut dyn Inputs,
        observer: &mut (impl Observer + ?Sized),
    ) -> Step {
        let Self {
            waiter,
            headers,
            mut memory,
        } = self;
        memory.answers.append(&mut waiter.results.borrow_mut());
        memory.overdue |= inputs.now() >= waiter.deadline;
        // It no longer waits, so its permit is free, for it too.
        drop(waiter);
        let request = Request::new(headers.view());
        engine.proceed(&request, memory, edits, inputs, observer)
    }
}
