//! The roots of a VM.

use std::rc::Rc;

use super::id::ContextId;
use super::seat::Seat;

/// What is known of each root: its seat, once it has a good policy. They are few (one a policy, and for a while those that
/// were replaced), so they are gone through, the newest first.
#[derive(Debug, Default)]
pub(super) struct Roots(Vec<(ContextId, Option<Rc<Seat>>)>);

impl Roots {
    /// A root begins. One that is known keeps its seat.
    pub(super) fn begin(&mut self, root: ContextId) {
        if !self.has(root) {
            self.0.push((root, None));
        }
    }

    /// Whether this is a root.
    pub(super) fn has(&self, context: ContextId) -> bool {
        self.get(context).is_some()
    }

    /// The seat of a root, if it has one; `None` where there is no such root.
    pub(super) fn get(&self, root: ContextId) -> Option<Option<&Rc<Seat>>> {
        let mut roots = self.0.iter().rev();
        let (_, seat) = roots.find(|(known, _)| *known == root)?;
        Some(seat.as_ref())
    }

    /// Whether any has a seat.
    pub(super) fn have_seats(&self) -> bool {
        self.0.iter().any(|(_, seat)| seat.is_some())
    }

    /// Gives a root its seat; returns the one that it had.
    pub(super) fn seat(&mut self, root: ContextId, seat: Rc<Seat>) -> Option<Rc<Seat>> {
        self.begin(root);
        let mut roots = self.0.iter_mut();
        let known = roots.find(|(known, _)| *known == root);
        known.and_then(|(_, own)| own.replace(seat))
    }

    /// A root is gone: the seat that it had, if any; `None` where there was no such root.
    pub(super) fn end(&mut self, root: ContextId) -> Option<Option<Rc<Seat>>> {
        let at = self.0.iter().position(|(known, _)| *known == root)?;
        let (_, seat) = self.0.remove(at);
        Some(seat)
    }
}
