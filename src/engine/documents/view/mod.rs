//! Views: the compiled forms of one document.
//!
//! A view holds several parts: the document's value, its index, its lists, the consumers or the keys in it. Each kind of part has a file here,
//! with its reader in slices, a variant of `part::Part`, and a field of [`View`].

mod builder;
mod consumers;
mod index;
mod inputs;
mod keys;
mod lists;
mod part;

use std::sync::Arc;

use serde_json::Value;

use crate::auth::jwt::KeySet;
use crate::policy::{Directory, PublishedKeys};
use crate::source::{Document, Hash, Index, JsonPath, SourceError, TextSet};

pub(in crate::engine) use builder::ViewBuilder;
pub(in crate::engine) use consumers::judge;
pub(in crate::engine) use inputs::ViewInputs;

/// One of the directories of a view. Their order is that of the policy's lists of consumers in the document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) struct DirectoryId(usize);

impl DirectoryId {
    pub(in crate::engine) const FIRST: Self = Self(0);

    pub(in crate::engine) const fn new(index: usize) -> Self {
        Self(index)
    }

    pub(in crate::engine) const fn index(self) -> usize {
        self.0
    }

    /// The directory after it.
    pub(in crate::engine) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// All ids, in order; to be zipped with what they name.
    pub(in crate::engine) fn all() -> impl Iterator<Item = Self> {
        (0..).map(Self)
    }
}

/// What a document is read into: its value where lookups need it, its index, and the consumers or the keys in it. All policies of a
/// VM that read a source in the same way share a view.
#[derive(Debug)]
pub(in crate::engine) struct View {
    /// The hash of the document's text.
    pub(in crate::engine) hash: Hash,
    /// The length of the document's text in bytes.
    pub(in crate::engine) bytes: usize,
    pub(in crate::engine) document: Option<Arc<Document>>,
    pub(in crate::engine) index: Option<Index>,
    /// The lists that conditions ask, in the policy's order.
    pub(in crate::engine) lists: Vec<TextSet>,
    /// The consumers, for each of the policy's lists in this document.
    pub(in crate::engine) directories: Vec<Directory>,
    /// The keys, if it is a set of keys.
    pub(in crate::engine) keys: Option<KeySet>,
}

impl View {
    const fn new(hash: Hash, bytes: usize) -> Self {
        Self {
            hash,
            bytes,
            document: None,
            index: None,
            lists: Vec::new(),
            directories: Vec::new(),
            keys: None,
        }
    }

    /// A view that has only the value.
    pub(in crate::engine) fn bare(document: &Arc<Document>) -> Self {
        Self {
            document: Some(Arc::clone(document)),
            ..Self::new(document.hash(), document.bytes())
        }
    }

    /// The directory with this id.
    pub(in crate::engine) fn directory(&self, id: DirectoryId) -> Option<&Directory> {
        self.directories.get(id.index())
    }

    /// The keys, with the document that they are from.
    pub(in crate::engine) fn published_keys(&self) -> Option<PublishedKeys<'_>> {
        let version = self.hash;
        let set = self.keys.as_ref()?;
        Some(PublishedKeys { set, version })
    }

    /// The document's value.
    pub(in crate::engine) fn value(&self) -> Option<&Value> {
        self.document.as_ref().map(|document| document.value())
    }

    /// The document's value, if it is not shared. Drops all other parts.
    pub(in crate::engine) fn into_value(self) -> Option<Value> {
        drop(self.index);
        drop(self.lists);
        self.document?.into_value()
    }
}

/// The error for a document without a value at the path `items`. Such a document has another shape; it does not say that
/// there are no `what`.
fn nowhere(items: &JsonPath, what: &str) -> SourceError {
    let reason = format!(
        "`{items}` leads nowhere in it; where there are no {what}, an empty list or null has to stand there"
    );
    SourceError::Unusable(reason)
}
