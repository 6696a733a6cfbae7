//! What an engine wants done.

use std::rc::Rc;

use crate::engine::{ExchangeId, FlightId};
use crate::host::instance::PolicyInstance;
use crate::http::Callout;

/// What is still to be done in a callback.
#[derive(Debug, Default)]
pub(in crate::host) struct Work {
    pub(in crate::host) callouts: Vec<(Rc<PolicyInstance>, FlightId, Callout)>,
    pub(in crate::host) woken: Vec<ExchangeId>,
}

impl Work {
    pub(in crate::host) fn is_empty(&self) -> bool {
        self.callouts.is_empty() && self.woken.is_empty()
    }

    /// Adds callouts of an engine.
    pub(in crate::host) fn send(
        &mut self,
        instance: &Rc<PolicyInstance>,
        callouts: Vec<(FlightId, Callout)>,
    ) {
        for (id, callout) in callouts {
            self.callouts.push((Rc::clone(instance), id, callout));
        }
    }

    pub(in crate::host) fn join(&mut self, other: Self) {
        self.callouts.extend(other.callouts);
        self.woken.extend(other.woken);
    }
}
