//! Equal parts of many routes, each in memory once.

use std::cell::RefCell;
use std::rc::Rc;

/// So many different ones are remembered: the routes of most policies repeat a few.
const REMEMBERED: usize = 16;

/// The last different ones of many things.
pub(super) struct Shared<T>(RefCell<Vec<Rc<T>>>);

impl<T> Default for Shared<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T: PartialEq> Shared<T> {
    /// The thing, or one that is equal.
    pub(super) fn share(&self, thing: T) -> Rc<T> {
        let mut last = self.0.borrow_mut();
        if let Some(equal) = last.iter().rev().find(|known| ***known == thing) {
            return Rc::clone(equal);
        }
        if last.len() >= REMEMBERED {
            last.remove(0);
        }
        let shared = Rc::new(thing);
        last.push(Rc::clone(&shared));
        shared
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_ones_are_one() {
        let shared = Shared::default();
        let first = shared.share(1);
        assert!(Rc::ptr_eq(&first, &shared.share(1)));
        assert_eq!(*shared.share(2), 2);
        assert!(Rc::ptr_eq(&first, &shared.share(1)));
        for other in 3..=REMEMBERED + 2 {
            shared.share(other);
        }
        assert!(!Rc::ptr_eq(&first, &shared.share(1)));
    }
}
