//! What is made of one document.

use std::sync::Arc;

use serde_json::Value;

use crate::policy::Directory;
use crate::source::{Document, Hash, Index};

/// A document as it is read: its value where that is looked into, its index, and the consumers in it. All policies of a VM
/// that read a source in the same way share it.
#[derive(Debug)]
pub(super) struct View {
    /// Of the document's text.
    pub(super) hash: Hash,
    /// Length of the document's text.
    pub(super) bytes: usize,
    pub(super) document: Option<Arc<Document>>,
    pub(super) index: Option<Index>,
    /// The consumers, for each of the policy's readers of them.
    pub(super) directories: Vec<Directory>,
}

impl View {
    /// Of a document of which nothing is made.
    pub(super) fn bare(document: &Arc<Document>) -> Self {
        Self {
            hash: document.hash(),
            bytes: document.bytes(),
            document: Some(Arc::clone(document)),
            index: None,
            directories: Vec::new(),
        }
    }

    /// The document's value.
    pub(super) fn value(&self) -> Option<&Value> {
        self.document.as_ref().map(|document| document.value())
    }

    /// The document's value alone, where nobody else has it; everything else ends here.
    pub(super) fn into_value(self) -> Option<Value> {
        drop(self.index);
        self.document?.into_value()
    }
}
