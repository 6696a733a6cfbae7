//! The filters of a VM's roots.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use crate::time::Timestamp;

use super::record::NONE;
use crate::host::id::ContextId;

/// What a VM knows of its filters, and what it reported of their rollouts.
#[derive(Debug, Default)]
pub(in crate::host) struct Filters {
    /// The key in shared data of each root's filter, the newest root last.
    keys: RefCell<Vec<(ContextId, Rc<str>)>>,
    /// Filters with an older root that runs on after the newest has ended.
    back: RefCell<Vec<Rc<str>>>,
    /// When it reported last.
    pub(in crate::host) last_report: Cell<Timestamp>,
    pub(in crate::host) reported: Cell<Reported>,
}

/// What this VM reported in the gauges.
#[derive(Clone, Copy, Debug)]
pub(in crate::host) struct Reported {
    pub(in crate::host) refused: u64,
    pub(in crate::host) behind: u64,
}

impl Default for Reported {
    fn default() -> Self {
        Self {
            refused: NONE,
            behind: 0,
        }
    }
}

impl Filters {
    /// The key of a root's filter, where it is known.
    pub(in crate::host) fn key_of(&self, root: ContextId) -> Option<Rc<str>> {
        let keys = self.keys.borrow();
        let own = keys.iter().find(|(own, _)| *own == root);
        own.map(|(_, key)| Rc::clone(key))
    }

    /// Keeps the key of a root's filter.
    pub(in crate::host) fn know(&self, root: ContextId, key: Rc<str>) {
        let mut keys = self.keys.borrow_mut();
        let index = keys.partition_point(|(known, _)| *known < root);
        keys.insert(index, (root, key));
    }

    /// Each filter with its roots, the newest last.
    pub(in crate::host) fn all(&self) -> Vec<(Rc<str>, Vec<ContextId>)> {
        let mut all: Vec<(Rc<str>, Vec<ContextId>)> = Vec::new();
        for (root, key) in &*self.keys.borrow() {
            match all.iter_mut().find(|(known, _)| known == key) {
                Some((_, roots)) => roots.push(*root),
                None => all.push((Rc::clone(key), vec![*root])),
            }
        }
        all
    }

    /// A root ends. Returns the key of its filter where that has no other root.
    pub(in crate::host) fn forget(&self, root: ContextId) -> Option<Rc<str>> {
        let key = self.key_of(root)?;
        let mut keys = self.keys.borrow_mut();
        let newest = keys.iter().rev().find(|(_, other)| *other == key);
        let was_newest = newest.is_some_and(|(newest, _)| *newest == root);
        keys.retain(|(known, _)| *known != root);
        let is_last = !keys.iter().any(|(_, other)| *other == key);
        if was_newest && !is_last {
            self.back.borrow_mut().push(Rc::clone(&key));
        }
        is_last.then_some(key)
    }

    /// The filters with an older root that runs on, because the newest has ended since the last call.
    pub(in crate::host) fn restored(&self) -> Vec<Rc<str>> {
        self.back.take()
    }

    /// Whether there is no root.
    pub(in crate::host) fn is_empty(&self) -> bool {
        self.keys.borrow().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn follows_roots_that_begin_and_end() {
        let filters = Filters::default();
        let (gate, other): (Rc<str>, Rc<str>) = ("gate".into(), "other".into());
        for (root, key) in [(7, &gate), (3, &gate), (5, &other)] {
            filters.know(ContextId(root), Rc::clone(key));
        }
        let all = [
            (Rc::clone(&gate), vec![ContextId(3), ContextId(7)]),
            (Rc::clone(&other), vec![ContextId(5)]),
        ];
        assert_eq!(filters.all(), all);
        assert_eq!(filters.key_of(ContextId(5)), Some(Rc::clone(&other)));
        assert_eq!(filters.forget(ContextId(3)), None);
        assert_eq!(filters.forget(ContextId(3)), None);
        assert_eq!(filters.forget(ContextId(7)), Some(gate));
        assert!(!filters.is_empty());
        assert_eq!(filters.forget(ContextId(5)), Some(other));
        assert!(filters.is_empty());
    }
}
