//! The parts of a view. Each kind of part is a file here and a variant.

use std::sync::Arc;

use crate::auth::jwt::KeySet;
use crate::source::{Budget, Document, SourceError};

use super::consumers::ConsumersPart;
use super::index::IndexPart;
use super::lists::ListPart;
use super::{DirectoryId, View, ViewInputs, keys};

/// A part of a view that is being made of a document's value.
#[derive(Debug)]
pub(super) enum Part {
    Index(IndexPart),
    List(ListPart),
    Consumers(ConsumersPart),
    /// It is read as a whole when it is begun.
    Keys(KeySet),
}

impl Part {
    /// Begins the next part after `begun` parts. The policy wants the document's index, if any, then each
    /// list that conditions ask, and then each list of consumers; or the document's keys alone. `None` if there are no more.
    ///
    /// # Errors
    /// The document has no value at the path of the part, or no usable key.
    pub(super) fn begin(
        begun: usize,
        document: &Arc<Document>,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<Option<Self>, SourceError> {
        if inputs.holds_keys() {
            if begun > 0 {
                return Ok(None);
            }
            let keys = keys::read(document, inputs, budget)?;
            return Ok(Some(Self::Keys(keys)));
        }
        let index = inputs.index();
        let begun = match (index, begun) {
            (Some(index), 0) => return Ok(Some(Self::Index(IndexPart::new(document, index)))),
            (Some(_), _) => begun.saturating_sub(1),
            (None, _) => begun,
        };
        if let Some(list) = ListPart::new(begun, document, inputs) {
            return Ok(Some(Self::List(list)));
        }
        let directories = begun.saturating_sub(inputs.lists().len());
        let part = ConsumersPart::new(DirectoryId::new(directories), document, inputs)?;
        Ok(part.map(Self::Consumers))
    }

    /// Continues; returns whether the part is made.
    pub(super) fn advance(
        &mut self,
        document: &Document,
        inputs: &mut ViewInputs<'_>,
        budget: &mut Budget,
    ) -> Result<bool, SourceError> {
        match self {
            Self::Index(part) => Ok(part.advance(inputs, budget)),
            Self::List(part) => Ok(part.advance(document, inputs, budget)),
            Self::Consumers(part) => Ok(part.advance(document, inputs, budget)),
            Self::Keys(_) => Ok(true),
        }
    }

    /// Puts the part into the view.
    ///
    /// # Errors
    /// The part is not what the policy needs.
    pub(super) fn finish(
        self,
        view: &mut View,
        document: &Document,
        inputs: &mut ViewInputs<'_>,
    ) -> Result<(), SourceError> {
        match self {
            Self::Index(part) => view.index = Some(part.finish(document, inputs)?),
            Self::List(part) => {
                let list = part.finish(view, document, inputs)?;
                view.lists.push(list);
            }
            Self::Consumers(part) => view.directories.push(part.finish(inputs)?),
            Self::Keys(keys) => view.keys = Some(keys),
        }
        Ok(())
    }
}
