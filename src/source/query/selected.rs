//! The values that a query selects in a document, one after the other.

use std::collections::VecDeque;

use serde_json::Value;

use super::jsonpath::JsonPath;
use super::relative_path::{RelativePath, walk};

/// The paths that a query selects and that are not taken yet. It holds no part of the document, so it can be continued
/// later.
#[derive(Debug)]
pub(crate) struct Selected(Rest);

#[derive(Debug)]
enum Rest {
    /// The elements of an array from this one on.
    Elements(usize),
    Paths(VecDeque<RelativePath>),
}

impl JsonPath {
    /// The values that the query selects in `root`, to be taken one by one. The elements of an array cost nothing now; everything
    /// else is found at once.
    #[must_use]
    pub(crate) fn selected(&self, root: &Value) -> Selected {
        let base = self.children_of().and_then(|steps| walk(steps, root));
        Selected(match base {
            Some(Value::Array(_)) => Rest::Elements(0),
            _ => Rest::Paths(self.paths(root).into()),
        })
    }

    /// The value below which [`Selected`] has its paths.
    #[must_use]
    pub(crate) fn base_in<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        walk(self.base(), root)
    }
}

impl Selected {
    /// The next value, and its path below `base`.
    pub(in crate::source) fn next<'v>(
        &mut self,
        base: &'v Value,
    ) -> Option<(RelativePath, &'v Value)> {
        let path = match &mut self.0 {
            Rest::Elements(next) => {
                let at = *next;
                *next = next.saturating_add(1);
                RelativePath::Element(at)
            }
            Rest::Paths(paths) => paths.pop_front()?,
        };
        let value = path.find(base)?;
        Some((path, value))
    }

    /// The next value below `base`.
    pub(crate) fn next_value<'v>(&mut self, base: &'v Value) -> Option<&'v Value> {
        self.next(base).map(|(_, value)| value)
    }
}
