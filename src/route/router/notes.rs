//! What the search for a route finds besides the route.

use std::cell::{Cell, OnceCell};

use crate::regex::GroupSpan;

/// What the search for a route finds besides the route. One for each request.
#[derive(Debug, Default)]
pub struct MatchNotes {
    is_unclear: Cell<bool>,
    spans: OnceCell<Vec<GroupSpan>>,
}

impl MatchNotes {
    /// Whether a regular expression had to be asked that gives no clear answer. Then the route that was found means nothing.
    #[must_use]
    pub fn is_unclear(&self) -> bool {
        self.is_unclear.get()
    }

    /// Where a named group of the path's expression matched, by its index among the captures of the pattern.
    pub(in crate::route) fn span(&self, capture: usize) -> GroupSpan {
        *self.spans.get()?.get(capture)?
    }

    pub(super) fn set_unclear(&self) {
        self.is_unclear.set(true);
    }

    pub(super) fn set_spans(&self, spans: Vec<GroupSpan>) {
        // Set at most once: the first rule whose expression matches is found.
        let _: Result<(), _> = self.spans.set(spans);
    }
}
