//! The index of a document.

use std::sync::Arc;

use crate::policy::IndexBy;
use crate::source::{Budget, Document, Index, IndexBuilder, SourceError};

use super::{ViewInputs, nowhere};

/// An index that is being built.
#[derive(Debug)]
pub(super) struct IndexPart(Box<IndexBuilder>);

impl IndexPart {
    pub(super) fn new(document: &Arc<Document>, index: &IndexBy) -> Self {
        Self(Box::new(IndexBuilder::new(document, &index.items)))
    }

    /// Continues; returns whether all entries are in the index.
    pub(super) fn advance(&mut self, inputs: &ViewInputs<'_>, budget: &mut Budget) -> bool {
        let index = inputs.index();
        index.is_none_or(|index| self.0.advance(&index.by, budget))
    }

    /// The index.
    ///
    /// # Errors
    /// It is not what the policy needs.
    pub(super) fn finish(
        self,
        document: &Document,
        inputs: &mut ViewInputs<'_>,
    ) -> Result<Index, SourceError> {
        let index = self.0.finish();
        check(&index, document, inputs)?;
        Ok(index)
    }
}

/// Refuses an index in which every entry lacks a key: the document has another shape than the policy knows, as an error
/// page in JSON has.
fn check(
    index: &Index,
    document: &Document,
    inputs: &mut ViewInputs<'_>,
) -> Result<(), SourceError> {
    let items = inputs.index().map(|by| &by.items);
    let astray = items.filter(|items| !items.reaches(document.value()));
    if let Some(items) = astray.filter(|_| index.is_empty()) {
        return Err(nowhere(items, "entries"));
    }
    if index.is_empty() && index.left_out() > 0 {
        return Err(SourceError::Unusable(
            "none of its entries has a usable key".into(),
        ));
    }
    for (count, one, several) in [
        (
            index.left_out(),
            "entry has no usable key",
            "entries have no usable key",
        ),
        (
            index.ambiguous(),
            "key is claimed by several entries and answers for none",
            "keys are claimed by several entries and answer for none",
        ),
    ] {
        if count > 0 {
            let what = if count == 1 { one } else { several };
            inputs.left_out("-", &format!("{count} {what}"));
        }
    }
    Ok(())
}
