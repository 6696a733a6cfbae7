//! What an engine wants done.

use std::rc::Rc;

use crate::engine::{ExchangeId, FlightId};
use crate::http::Callout;

use super::seat::Seat;

/// What is still to be done in a callback.
#[derive(Debug, Default)]
pub(super) struct Work {
    pub(super) callouts: Vec<(Rc<Seat>, FlightId, Callout)>,
    pub(super) woken: Vec<ExchangeId>,
}

impl Work {
    pub(super) fn is_empty(&self) -> bool {
        self.callouts.is_empty() && self.woken.is_empty()
    }

    /// Adds callouts of an engine.
    pub(super) fn send(&mut self, seat: &Rc<Seat>, callouts: Vec<(FlightId, Callout)>) {
        for (flight, callout) in callouts {
            self.callouts.push((Rc::clone(seat), flight, callout));
        }
    }

    pub(super) fn join(&mut self, other: Self) {
        self.callouts.extend(other.callouts);
        self.woken.extend(other.woken);
    }
}
