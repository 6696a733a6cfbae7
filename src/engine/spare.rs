//! Memory that the next step is made of.

use std::cell::Cell;
use std::fmt;

use crate::http::{Edit, Text};

/// More edits, and a longer path, than these aren't kept.
const MOST_EDITS: usize = 32;
const MOST_BYTES: usize = 16 * 1024;

/// What the last step was made of, once the driver has given it back: so most requests cost no allocation.
#[derive(Default)]
pub(super) struct Spare {
    edits: Cell<Vec<Edit>>,
    path: Cell<Vec<u8>>,
}

impl fmt::Debug for Spare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Spare(…)")
    }
}

impl Spare {
    /// Room for edits; there are none in it.
    pub(super) fn edits(&self) -> Vec<Edit> {
        self.edits.take()
    }

    /// Room for a path; it is empty.
    pub(super) fn path(&self) -> Vec<u8> {
        let mut path = self.path.take();
        path.clear();
        path
    }

    /// Keeps what edits were made of.
    pub(super) fn keep(&self, mut edits: Vec<Edit>) {
        for edit in &mut edits {
            // Of the texts that were made for the request, the path is the only one that most requests have.
            if let Edit::Set(_, Text::Owned(made)) = edit {
                self.keep_path(std::mem::take(made));
            }
        }
        edits.clear();
        let kept = self.edits.take();
        let is_better = (kept.capacity()..=MOST_EDITS).contains(&edits.capacity());
        self.edits.set(if is_better { edits } else { kept });
    }

    /// Keeps what a path was made in. Of two the larger one stays.
    pub(super) fn keep_path(&self, path: Vec<u8>) {
        let kept = self.path.take();
        let is_better = (kept.capacity()..=MOST_BYTES).contains(&path.capacity());
        self.path.set(if is_better { path } else { kept });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edits(path: Vec<u8>) -> Vec<Edit> {
        vec![
            Edit::Remove("a".into()),
            Edit::Set(":path".into(), path.into()),
            Edit::Set("b".into(), "1".into()),
        ]
    }

    #[test]
    fn what_was_given_back_is_room_for_the_next() {
        let spare = Spare::default();
        let path = b"/a".repeat(50);
        let place = path.as_ptr();
        let given = edits(path);
        let list = given.as_ptr();
        spare.keep(given);
        let (edits, path) = (spare.edits(), spare.path());
        assert_eq!((edits.as_ptr(), edits.len()), (list, 0));
        assert_eq!(
            (path.as_ptr(), path.len(), path.capacity()),
            (place, 0, 100)
        );
        assert_eq!(spare.edits().capacity(), 0, "it has one owner");
        assert_eq!(spare.path().capacity(), 0);
    }

    #[test]
    fn of_two_the_larger_one_stays() {
        let spare = Spare::default();
        spare.keep(edits(vec![b'/'; 100]));
        let mut smaller = edits(vec![b'/'; 10]);
        smaller.shrink_to_fit();
        spare.keep(smaller);
        spare.keep(Vec::new());
        assert!(spare.edits().capacity() > 0);
        assert_eq!(spare.path().capacity(), 100);
    }

    #[test]
    fn what_is_large_is_let_go() {
        let spare = Spare::default();
        let mut many = edits(vec![b'/'; MOST_BYTES + 1]);
        many.resize(MOST_EDITS + 1, Edit::Remove("a".into()));
        spare.keep(many);
        assert_eq!(spare.edits().capacity(), 0);
        assert_eq!(spare.path().capacity(), 0);
    }
}
