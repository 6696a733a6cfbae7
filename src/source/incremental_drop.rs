//! Dropping a large value in slices.

use std::vec;

use serde_json::{Value, map};

use super::Budget;

/// Values that are dropped in slices. A large document has a million small allocations: freeing all of them at once
/// would take as long as some hundred requests.
#[derive(Debug, Default)]
pub(crate) struct IncrementalDrop(Vec<Level>);

#[derive(Debug)]
enum Level {
    Array(vec::IntoIter<Value>),
    Object(map::IntoIter),
}

/// The cost of one value.
const VALUE: usize = 5;

impl IncrementalDrop {
    /// Adds a value.
    pub(crate) fn add(&mut self, value: Value) {
        match value {
            Value::Array(values) => self.0.push(Level::Array(values.into_iter())),
            Value::Object(members) => self.0.push(Level::Object(members.into_iter())),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }

    /// Whether it is empty.
    #[must_use]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Continues to drop values.
    pub(crate) fn advance(&mut self, budget: &mut Budget) {
        while !budget.is_spent() {
            let Some(level) = self.0.last_mut() else {
                return;
            };
            let value = match level {
                Level::Array(values) => values.next(),
                Level::Object(members) => members.next().map(|(_, value)| value),
            };
            budget.spend(VALUE);
            match value {
                Some(value) => self.add(value),
                None => drop(self.0.pop()),
            }
        }
    }
}
