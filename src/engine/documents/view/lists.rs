//! The lists of a document.

use crate::source::{Budget, Document, SourceError, TextSet, TextSetBuilder};

use super::{View, ViewInputs, nowhere};

/// The most entries of all lists of one document. Beside the document, an entry takes its text and some fifteen bytes.
const MOST_ENTRIES: usize = 200_000;

/// A list that is being read.
#[derive(Debug)]
pub(super) struct ListPart {
    /// Its place among the lists of the document.
    place: usize,
    building: Box<TextSetBuilder>,
}

impl ListPart {
    /// Begins with the list at this place. `None` if there is none.
    pub(super) fn new(place: usize, document: &Document, inputs: &ViewInputs<'_>) -> Option<Self> {
        let path = inputs.lists().get(place)?;
        Some(Self {
            place,
            building: Box::new(TextSetBuilder::new(document, path)),
        })
    }

    /// Continues; returns whether all entries are read.
    pub(super) fn advance(
        &mut self,
        document: &Document,
        inputs: &ViewInputs<'_>,
        budget: &mut Budget,
    ) -> bool {
        let path = inputs.lists().get(self.place);
        let is_done = path.is_none_or(|path| self.building.advance(document, path, budget));
        is_done || self.building.len() > MOST_ENTRIES
    }

    /// The list. `view` has the lists before it.
    ///
    /// # Errors
    /// The document has another shape than the policy knows, or more entries than a document may have.
    pub(super) fn finish(
        self,
        view: &View,
        document: &Document,
        inputs: &mut ViewInputs<'_>,
    ) -> Result<TextSet, SourceError> {
        let list = self.building.finish();
        let before: usize = view.lists.iter().map(TextSet::len).sum();
        if before.saturating_add(list.len()) > MOST_ENTRIES {
            let reason = format!("its lists have more than {MOST_ENTRIES} entries");
            return Err(SourceError::Unusable(reason));
        }
        let path = inputs.lists().get(self.place);
        let is_empty = list.is_empty() && list.left_out() == 0;
        if let Some(path) = path.filter(|path| is_empty && !path.says_none(document.value())) {
            return Err(nowhere(path, "entries"));
        }
        match (list.left_out(), list.is_empty()) {
            (0, _) => {}
            (_, true) => {
                let reason = "none of its entries is text or a number";
                return Err(SourceError::Unusable(reason.into()));
            }
            (1, false) => inputs.left_out("-", "1 entry is neither text nor a number"),
            (count, false) => {
                let reason = format!("{count} entries are neither text nor a number");
                inputs.left_out("-", &reason);
            }
        }
        Ok(list)
    }
}
