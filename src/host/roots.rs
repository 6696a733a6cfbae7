//! The roots of a VM.

use std::rc::Rc;

use super::descent::Mark;
use super::id::ContextId;
use super::seat::Seat;

/// A root.
#[derive(Debug)]
struct Root {
    id: ContextId,
    /// What its streams can be told from those of others by.
    mark: Option<Mark>,
    /// Some once it has a good policy.
    seat: Option<Rc<Seat>>,
}

/// The roots that were configured. They are few (one a policy, or one a listener where listeners differ, and for a while
/// those that were replaced), so they are gone through: the last first, which is the newest, or the one that was found last.
///
/// Envoy configures a root before its first stream begins, and ends it after its last one has ended.
#[derive(Debug, Default)]
pub(super) struct Roots(Vec<Root>);

impl Roots {
    /// A root begins. One that is known keeps what it has.
    pub(super) fn begin(&mut self, id: ContextId) {
        if !self.has(id) {
            self.0.push(Root {
                id,
                mark: None,
                seat: None,
            });
        }
    }

    /// Whether a root's streams can be told from those of others.
    pub(super) fn is_marked(&self, id: ContextId) -> bool {
        self.find(id).is_some_and(|root| root.mark.is_some())
    }

    /// A root's streams can be told from those of others from now on.
    pub(super) fn mark(&mut self, id: ContextId, mark: Mark) {
        if let Some(root) = self.find_mut(id) {
            root.mark = Some(mark);
        }
    }

    /// Whether there are more than one.
    pub(super) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// The seat of the only root: `None` where there are others, or it has none. Where there is one root, every stream is of
    /// it.
    pub(super) fn only(&self) -> Option<&Rc<Seat>> {
        match self.0.as_slice() {
            [root] => root.seat.as_ref(),
            _ => None,
        }
    }

    /// Those that are marked, in the order in which a stream's is to be looked for.
    pub(super) fn likeliest_first(&self) -> Vec<(ContextId, Mark)> {
        let marked = |root: &Root| Some((root.id, Rc::clone(root.mark.as_ref()?)));
        self.0.iter().rev().filter_map(marked).collect()
    }

    /// A root was found to be a stream's: its seat, if it has one. It is looked for first from now on.
    pub(super) fn found(&mut self, id: ContextId) -> Option<&Rc<Seat>> {
        let at = self.0.iter().rposition(|root| root.id == id)?;
        if at.saturating_add(1) != self.0.len() {
            let found = self.0.remove(at);
            self.0.push(found);
        }
        self.get(id).flatten()
    }

    /// Whether this is a root.
    pub(super) fn has(&self, context: ContextId) -> bool {
        self.find(context).is_some()
    }

    /// Whether there is another than this one.
    pub(super) fn have_others(&self, id: ContextId) -> bool {
        self.0.iter().any(|root| root.id != id)
    }

    /// The seat of a root, if it has one; `None` where there is no such root.
    pub(super) fn get(&self, id: ContextId) -> Option<Option<&Rc<Seat>>> {
        self.find(id).map(|root| root.seat.as_ref())
    }

    fn find(&self, id: ContextId) -> Option<&Root> {
        match self.0.last() {
            Some(last) if last.id == id => Some(last),
            Some(_) | None => self.find_further(id),
        }
    }

    #[inline(never)]
    fn find_further(&self, id: ContextId) -> Option<&Root> {
        self.0.iter().rev().find(|root| root.id == id)
    }

    fn find_mut(&mut self, id: ContextId) -> Option<&mut Root> {
        self.0.iter_mut().rev().find(|root| root.id == id)
    }

    /// Gives a root its seat; returns the one that it had.
    pub(super) fn seat(&mut self, id: ContextId, seat: Rc<Seat>) -> Option<Rc<Seat>> {
        self.find_mut(id).and_then(|root| root.seat.replace(seat))
    }

    /// A root is gone: the seat that it had, if any; `None` where there was no such root.
    pub(super) fn end(&mut self, id: ContextId) -> Option<Option<Rc<Seat>>> {
        let at = self.0.iter().position(|root| root.id == id)?;
        Some(self.0.remove(at).seat)
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
    fn one_that_begins_again_keeps_its_seat_until_it_gets_another() {
        let mut roots = Roots::default();
        let first = seat(A);
        roots.begin(A);
        assert!(roots.seat(A, Rc::clone(&first)).is_none());
        assert!(!roots.is_marked(A));
        roots.mark(A, "".into());
        roots.begin(A);
        assert!(roots.is_marked(A));
        let before = roots.seat(A, seat(A)).unwrap();
        assert!(Rc::ptr_eq(&before, &first));
        assert!(roots.end(A).unwrap().is_some());
        assert!(roots.end(A).is_none(), "it stood there once");
    }

    #[test]
    fn the_only_one() {
        let mut roots = Roots::default();
        let only = |roots: &Roots| roots.only().map(|seat| seat.root);
        assert_eq!(only(&roots), None);
        roots.begin(A);
        assert_eq!(only(&roots), None, "it has no policy");
        assert!(!roots.have_others(A));
        assert!(roots.have_others(B));
        roots.seat(A, seat(A));
        assert_eq!(only(&roots), Some(A));
        roots.begin(B);
        assert_eq!(only(&roots), None);
        assert!(roots.have_others(A));
        assert!(roots.are_several());
    }

    #[test]
    fn the_one_that_was_found_last_is_looked_for_first() {
        let mut roots = Roots::default();
        roots.begin(A);
        roots.begin(B);
        roots.seat(A, seat(A));
        let order = |roots: &Roots| -> Vec<ContextId> {
            let all = roots.likeliest_first().into_iter();
            all.map(|(root, _)| root).collect()
        };
        roots.mark(A, "".into());
        assert_eq!(order(&roots), [A]);
        roots.mark(B, "".into());
        assert_eq!(order(&roots), [B, A]);
        assert_eq!(roots.found(A).map(|seat| seat.root), Some(A));
        assert_eq!(order(&roots), [A, B]);
        assert!(roots.found(B).is_none(), "it has no policy");
        assert_eq!(order(&roots), [B, A]);
        assert!(roots.found(ContextId(3)).is_none());
    }
}
