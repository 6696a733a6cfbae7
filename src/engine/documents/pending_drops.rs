//! Values that are not needed any more, and too large to be dropped at once.

use std::rc::Rc;

use serde_json::Value;

use crate::source::{Budget, IncrementalDrop};

use super::view::View;

/// Values of documents, dropped in slices. Everything else of a view is a few large pieces, which are dropped at once.
#[derive(Debug, Default)]
pub(in crate::engine) struct PendingDrops(IncrementalDrop);

impl PendingDrops {
    /// Drops one reference to a view. The last one leaves the document's value here.
    pub(in crate::engine) fn view(&mut self, view: Rc<View>) {
        if let Some(value) = Rc::into_inner(view).and_then(View::into_value) {
            self.0.add(value);
        }
    }

    /// Takes values of a document that is not read to its end.
    pub(in crate::engine) fn values(&mut self, values: Vec<Value>) {
        values.into_iter().for_each(|value| self.0.add(value));
    }

    pub(in crate::engine) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes on dropping.
    pub(in crate::engine) fn advance(&mut self, budget: &mut Budget) {
        self.0.advance(budget);
    }
}
