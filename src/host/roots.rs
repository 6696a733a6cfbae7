//! The roots of a VM.

use std::rc::Rc;

use super::id::ContextId;
use super::instance::PolicyInstance;

/// Each root with its policy instance, once it has a good policy. Roots are few (one for each policy, and for a while those of
/// replaced policies), so a lookup searches them one by one, from the newest on.
#[derive(Debug, Default)]
pub(super) struct Roots(Vec<(ContextId, Option<Rc<PolicyInstance>>)>);

impl Roots {
    /// A root begins. A root that is known keeps its instance.
    pub(super) fn begin(&mut self, root: ContextId) {
        if !self.has(root) {
            self.0.push((root, None));
        }
    }

    /// Whether this is a root.
    pub(super) fn has(&self, context: ContextId) -> bool {
        self.get(context).is_some()
    }

    /// The instance of a root, if it has one; `None` where there is no such root.
    pub(super) fn get(&self, root: ContextId) -> Option<Option<&Rc<PolicyInstance>>> {
        match self.0.last() {
            Some((newest, instance)) if *newest == root => Some(instance.as_ref()),
            Some(_) | None => self.get_older(root),
        }
    }

    fn get_older(&self, root: ContextId) -> Option<Option<&Rc<PolicyInstance>>> {
        let mut roots = self.0.iter().rev();
        let (_, instance) = roots.find(|(known, _)| *known == root)?;
        Some(instance.as_ref())
    }

    /// Whether there is no root.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether there is no root but this one, and it has no policy instance.
    pub(super) fn have_only_one_without_a_policy(&self, root: ContextId) -> bool {
        let mut all = self.0.iter();
        all.all(|(known, instance)| *known == root && instance.is_none())
    }

    /// Sets the instance of a root. Returns the one before.
    pub(super) fn set(
        &mut self,
        root: ContextId,
        instance: Rc<PolicyInstance>,
    ) -> Option<Rc<PolicyInstance>> {
        self.begin(root);
        let mut roots = self.0.iter_mut().rev();
        let known = roots.find(|(known, _)| *known == root);
        known.and_then(|(_, own)| own.replace(instance))
    }

    /// A root ends. Returns its instance, if it had one; `None` where there was no such root.
    pub(super) fn end(&mut self, root: ContextId) -> Option<Option<Rc<PolicyInstance>>> {
        let at = self.0.iter().position(|(known, _)| *known == root)?;
        let (_, instance) = self.0.remove(at);
        Some(instance)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use super::*;
    use crate::host::log::PolicyEvents;
    use crate::policy::Fingerprint;

    const A: ContextId = ContextId(1);
    const B: ContextId = ContextId(2);

    fn instance(root: ContextId) -> Rc<PolicyInstance> {
        Rc::new(PolicyInstance {
            root,
            engine: RefCell::new(None),
            fingerprint: Fingerprint::of(b""),
            tick_period: Cell::default(),
            log_properties: Box::default(),
            events: PolicyEvents::default(),
        })
    }

    fn of(roots: &Roots, root: ContextId) -> Option<Option<ContextId>> {
        Some(roots.get(root)?.map(|instance| instance.root))
    }

    #[test]
    fn a_root_begins_gets_a_policy_and_ends() {
        let mut roots = Roots::default();
        assert_eq!(of(&roots, A), None);
        roots.begin(A);
        roots.begin(B);
        assert_eq!(of(&roots, A), Some(None));
        assert!(roots.set(A, instance(A)).is_none());
        assert_eq!([of(&roots, A), of(&roots, B)], [Some(Some(A)), Some(None)]);
        assert_eq!(roots.end(A).unwrap().unwrap().root, A);
        assert!(!roots.has(A));
        assert!(roots.end(A).is_none());
        assert!(roots.end(B).unwrap().is_none());
    }

    #[test]
    fn tells_one_root_without_a_policy() {
        let mut roots = Roots::default();
        assert!(roots.have_only_one_without_a_policy(A));
        roots.begin(A);
        assert!(roots.have_only_one_without_a_policy(A));
        assert!(!roots.have_only_one_without_a_policy(B), "there is another");
        roots.begin(B);
        assert!(!roots.have_only_one_without_a_policy(A));
        roots.end(B);
        roots.set(A, instance(A));
        assert!(!roots.have_only_one_without_a_policy(A), "it has one");
    }

    #[test]
    fn keeps_the_instance_of_a_root_that_begins_again() {
        let mut roots = Roots::default();
        let first = instance(A);
        assert!(
            roots.set(A, Rc::clone(&first)).is_none(),
            "it begins so too"
        );
        roots.begin(A);
        let before = roots.set(A, instance(A)).unwrap();
        assert!(Rc::ptr_eq(&before, &first));
        assert!(roots.end(A).unwrap().is_some());
        assert!(roots.end(A).is_none(), "it stood there once");
    }
}
