//! How the entries of a document are found.

use std::sync::Arc;

use crate::config::{self, ConfigErrors, Path};
use crate::policy::json_path::json_path_with;
use crate::source::{Document, Index, JsonPath, PropertyNames};

/// How a document's entries are found.
#[derive(Debug)]
pub(crate) struct IndexBy {
    pub(crate) items: JsonPath,
    pub(crate) by: JsonPath,
}

impl IndexBy {
    pub(super) fn compile(
        written: &config::Index,
        names: PropertyNames,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<Self> {
        let items = json_path_with(&written.items, names, &path.field("items"), errors);
        let by = json_path_with(&written.by, names, &path.field("by"), errors);
        Some(Self {
            items: items?,
            by: by?,
        })
    }

    /// Checks a document of the policy's own: each entry must have a key of its own.
    pub(super) fn check(
        &self,
        document: &Arc<Document>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) {
        let index = Index::build(document, &self.items, &self.by);
        if !self.items.reaches(document.value()) {
            errors.push(
                &path.field("items"),
                "the document has no value at this path",
            );
        }
        if index.left_out() > 0 {
            let count = index.left_out();
            errors.push(
                &path.field("by"),
                format!("{count} entries have no usable key"),
            );
        }
        if index.ambiguous() > 0 {
            let count = index.ambiguous();
            errors.push(
                &path.field("by"),
                format!("{count} keys belong to several entries"),
            );
        }
    }
}
