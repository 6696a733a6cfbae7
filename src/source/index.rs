//! Finding an item of a document by its key.

use std::rc::Rc;

use serde_json::Value;

use super::{Document, JsonPath};

/// What an index knows of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Entry<'a> {
    /// The one item with this key.
    Found(&'a Value),
    /// No item has it.
    Missing,
    /// Several items claim it: none of them has it.
    Ambiguous,
}

/// Items of one document, by key.
#[derive(Debug)]
pub struct Index {
    document: Rc<Document>,
    left_out: usize,
}

impl Index {
    /// Indexes what `items` selects in `document` by what `by` selects in each item.
    #[must_use]
    pub fn build(document: &Rc<Document>, _items: &JsonPath, _by: &JsonPath) -> Self {
        Self {
            document: Rc::clone(document),
            left_out: 0,
        }
    }

    /// The item with this key.
    #[must_use]
    pub fn get(&self, _key: &[u8]) -> Entry<'_> {
        Entry::Missing
    }

    /// The document that is indexed.
    #[must_use]
    pub const fn document(&self) -> &Rc<Document> {
        &self.document
    }

    /// How many keys there are, the ambiguous ones too.
    #[must_use]
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there is no key at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        true
    }

    /// How many items have no usable key.
    #[must_use]
    pub const fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many keys several items claim.
    #[must_use]
    pub const fn ambiguous(&self) -> usize {
        0
    }
}
