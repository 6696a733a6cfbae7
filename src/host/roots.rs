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
        match self.0.last() {
            Some((newest, seat)) if *newest == root => Some(seat.as_ref()),
            Some(_) | None => self.get_older(root),
        }
    }

    fn get_older(&self, root: ContextId) -> Option<Option<&Rc<Seat>>> {
        let mut roots = self.0.iter().rev();
        let (_, seat) = roots.find(|(known, _)| *known == root)?;
        Some(seat.as_ref())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is no other root than this one, and it has no seat.
    pub(super) fn have_only_unseated(&self, root: ContextId) -> bool {
        let mut all = self.0.iter();
        all.all(|(known, seat)| *known == root && seat.is_none())
    }

    /// Gives a root its seat; returns the one that it had.
    pub(super) fn seat(&mut self, root: ContextId, seat: Rc<Seat>) -> Option<Rc<Seat>> {
        self.begin(root);
        let mut roots = self.0.iter_mut().rev();
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

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::host::tally::Tally;
    use crate::policy::Fingerprint;

    const A: ContextId = ContextId(1);
    const B: ContextId = ContextId(2);

    fn seat(root: ContextId) -> Rc<Seat> {
        Rc::new(Seat {
            root,
            engine: RefCell::new(None),
            fingerprint: Fingerprint::of(b""),
            ticked: Cell::default(),
            log_properties: Box::default(),
            tally: Tally::default(),
        })
    }

    fn of(roots: &Roots, root: ContextId) -> Option<Option<ContextId>> {
        Some(roots.get(root)?.map(|seat| seat.root))
    }

    #[test]
    fn a_root_begins_gets_its_seat_and_ends() {
        let mut roots = Roots::default();
        assert_eq!(of(&roots, A), None);
        roots.begin(A);
        roots.begin(B);
        assert_eq!(of(&roots, A), Some(None));
        assert!(roots.seat(A, seat(A)).is_none());
        assert_eq!([of(&roots, A), of(&roots, B)], [Some(Some(A)), Some(None)]);
        assert_eq!(roots.end(A).unwrap().unwrap().root, A);
        assert!(!roots.has(A));
        assert!(roots.end(A).is_none());
        assert!(roots.end(B).unwrap().is_none());
    }

    #[test]
    fn only_one_that_has_no_seat() {
        let mut roots = Roots::default();
        assert!(roots.have_only_unseated(A));
        roots.begin(A);
        assert!(roots.have_only_unseated(A));
        assert!(!roots.have_only_unseated(B), "there is another");
        roots.begin(B);
        assert!(!roots.have_only_unseated(A));
        roots.end(B);
        roots.seat(A, seat(A));
        assert!(!roots.have_only_unseated(A), "it has one");
    }

    #[test]
    fn one_that_begins_again_keeps_its_seat_until_it_gets_another() {
        let mut roots = Roots::default();
        let first = seat(A);
        assert!(
            roots.seat(A, Rc::clone(&first)).is_none(),
            "it begins so too"
        );
        roots.begin(A);
        let before = roots.seat(A, seat(A)).unwrap();
        assert!(Rc::ptr_eq(&before, &first));
        assert!(roots.end(A).unwrap().is_some());
        assert!(roots.end(A).is_none(), "it stood there once");
    }
}
