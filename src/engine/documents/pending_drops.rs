//! Values that are no longer needed and too large to be dropped in one go.

use std::rc::Rc;

use serde_json::Value;

use crate::source::{Budget, IncrementalDrop};

use super::view::View;

/// Values of documents, dropped in slices. All other parts of a view are a few large allocations, which are dropped in one go.
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

    /// Continues to drop values.
    pub(in crate::engine) fn advance(&mut self, budget: &mut Budget) {
        self.0.advance(budget);
    }
}
