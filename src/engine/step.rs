//! The step that an engine returns, and an exchange that waits.

use std::rc::Rc;

use crate::http::{Edits, HeaderMap, Request, Response};
use crate::time::Timestamp;

use super::documents::{ExchangeId, Waiter};
use super::memory::Memory;
use super::{Engine, Inputs, Observer};

/// What the driver does with an exchange now.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Perform the edits and let the request continue.
    Continue,
    /// Send this response. The exchange ends. The edits hold at most a new path without credentials: set it before the response,
    /// because access logs show the request's path.
    Respond(Box<Response>),
    /// Hold the request until it is woken.
    Wait(Box<Waiting>),
}

/// An exchange that waits for flights and documents, at most until a deadline.
#[derive(Debug)]
pub struct Waiting {
    /// The exchange. Drop it if the client has left: that ends its waiting.
    pub suspended: Suspended,
    /// The deadline: [`Engine::tick`] wakes it then at the latest.
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
    /// Its id in [`Woken`](super::Woken).
    #[must_use]
    pub fn id(&self) -> ExchangeId {
        self.waiter.id
    }

    /// Resumes the exchange, with the engine that it came from. All stages run again over the same request, so that all decisions
    /// about an exchange are made at one moment. Remembered verdicts are not verified again. Clears `edits` first.
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
        memory.overdue |= waiter.is_overdue(inputs.now());
        // It no longer waits, so its permit is free, also for this exchange itself.
        drop(waiter);
        let request = Request::new(headers.view());
        engine.proceed(&request, memory, edits, inputs, observer)
    }
}
