//! Where the policy of a root is.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use crate::config::Property;
use crate::engine::Engine;
use crate::policy::Fingerprint;

use super::id::ContextId;
use super::tally::Tally;

/// Where one root's engine sits while its policy runs. What belongs to an engine (a suspended exchange, a flight) holds
/// the seat and not the root's number: a second configuration gives the root another seat, and empties the first.
pub(super) struct Seat {
    /// The root, which callouts and ticks belong to.
    pub(super) root: ContextId,
    /// The engine, until its policy is replaced.
    pub(super) engine: RefCell<Option<Engine>>,
    /// Which policy it is.
    pub(super) fingerprint: Fingerprint,
    /// How often the root is ticked now.
    pub(super) ticked: Cell<Duration>,
    /// What the policy wants in the access log.
    pub(super) log_properties: Box<[Property]>,
    /// What was counted for it.
    pub(super) tally: Tally,
}

impl fmt::Debug for Seat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat").field("root", &self.root).finish()
    }
}
