//! Shares equal parts of routes, to save memory.

use std::cell::RefCell;
use std::sync::Arc;

/// The number of different values that are remembered. The routes of most policies repeat a few.
const REMEMBERED: usize = 16;

/// The last different values.
pub(in crate::policy) struct Dedup<T>(RefCell<Vec<Arc<T>>>);

impl<T> Default for Dedup<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: PartialEq> Dedup<T> {
    /// The value, or a remembered value that is equal.
    pub(in crate::policy) fn share(&self, thing: T) -> Arc<T> {
        let mut last = self.0.borrow_mut();
        if let Some(equal) = last.iter().rev().find(|known| ***known == thing) {
            return Arc::clone(equal);
        }
        if last.len() >= REMEMBERED {
            last.remove(0);
        }
        let shared = Arc::new(thing);
        last.push(Arc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_equal_values() {
        let shared = Dedup::default();
        let first = shared.share(1);
        assert!(Arc::ptr_eq(&first, &shared.share(1)));
        assert_eq!(*shared.share(2), 2);
        assert!(Arc::ptr_eq(&first, &shared.share(1)));
        for other in 3..=REMEMBERED + 2 {
            shared.share(other);
        }
        assert!(!Arc::ptr_eq(&first, &shared.share(1)));
    }
}
