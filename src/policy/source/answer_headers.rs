//! Header fields of answers that lookups read.

use std::sync::Arc;

use crate::policy::definition::Definition;

use super::{Source, SourceId, SourceKind, Sources};

impl Sources {
    /// Keeps a header field of the answers of a source on demand. Policies that keep others don't share the answers: they would lack
    /// them. Call it for every lookup, as [`look_into`](Self::look_into).
    pub(in crate::policy) fn keep_header(&mut self, id: SourceId, name: &str) {
        let source = self.list.get_mut(id.index());
        let Some(SourceKind::OnDemand {
            template,
            definition,
            ..
        }) = source.map(|source| &mut source.kind)
        else {
            return;
        };
        // Nothing shares the template before the policy is compiled.
        if Arc::get_mut(template).is_some_and(|template| template.keep_header(name)) {
            *definition = Definition::with_header(*definition, name);
        }
    }
}

impl Source {
    /// Whether its answers have header fields that a lookup can read.
    pub(in crate::policy) fn has_headers(&self) -> bool {
        matches!(&self.kind, SourceKind::OnDemand { template, .. } if template.has_headers())
    }
}
