//! What is made of one document.

mod builder;
mod consumers;
mod inputs;

use std::sync::Arc;

use serde_json::Value;

use crate::policy::Directory;
use crate::source::{Document, Hash, Index};

pub(in crate::engine) use builder::ViewBuilder;
pub(in crate::engine) use consumers::{ConsumerLoader, judge};
pub(in crate::engine) use inputs::ViewInputs;

/// A document as it is read: its value where that is looked into, its index, and the consumers in it. All policies of a VM
/// that read a source in the same way share it.
#[derive(Debug)]
pub(in crate::engine) struct View {
    /// Of the document's text.
    pub(in crate::engine) hash: Hash,
    /// Length of the document's text.
    pub(in crate::engine) bytes: usize,
    pub(in crate::engine) document: Option<Arc<Document>>,
    pub(in crate::engine) index: Option<Index>,
    /// The consumers, for each of the policy's readers of them.
    pub(in crate::engine) directories: Vec<Directory>,
}

impl View {
    /// Of a document of which nothing is made.
    pub(in crate::engine) fn bare(document: &Arc<Document>) -> Self {
        Self {
            hash: document.hash(),
            bytes: document.bytes(),
            document: Some(Arc::clone(document)),
            index: None,
            directories: Vec::new(),
        }
    }

    /// The document's value.
    pub(in crate::engine) fn value(&self) -> Option<&Value> {
        self.document.as_ref().map(|document| document.value())
    }

    /// The document's value alone, where nobody else has it; everything else ends here.
    pub(in crate::engine) fn into_value(self) -> Option<Value> {
        drop(self.index);
        self.document?.into_value()
    }
}
