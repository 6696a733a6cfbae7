//! One policy at work for a root.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::time::Duration;

use crate::config::Property;
use crate::engine::Engine;
use crate::policy::Fingerprint;

use super::id::ContextId;
use super::log::PolicyEvents;

/// One policy at work for a root. What belongs to its engine (a suspended exchange, a callout) refers to the instance and not
/// to the root: a second configuration of the root makes another instance, and takes the engine out of the first.
pub(super) struct PolicyInstance {
    /// The root, which callouts and ticks belong to.
    pub(super) root: ContextId,
    /// The engine, until the policy is replaced.
    pub(super) engine: RefCell<Option<Engine>>,
    /// Identifies the policy.
    pub(super) fingerprint: Fingerprint,
    /// How often the root is ticked now.
    pub(super) tick_period: Cell<Duration>,
    /// What the policy wants in the access log.
    pub(super) log_properties: Box<[Property]>,
    /// What was counted and reported for it.
    pub(super) events: PolicyEvents,
}

impl fmt::Debug for PolicyInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyInstance")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
