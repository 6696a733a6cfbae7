//! Credentials of clients that lookups send to sources.

use std::sync::Arc;

use crate::policy::definition::Definition;

use super::{SourceId, SourceKind, Sources};

impl Sources {
    /// Notes that a lookup sends a client's credential to a source on demand: then a refusal may be of that credential. Call it for every
    /// such lookup.
    pub(in crate::policy) fn send_credentials(&mut self, id: SourceId) {
        let source = self.list.get_mut(id.index());
        if let Some(SourceKind::OnDemand {
            template,
            definition,
            ..
        }) = source.map(|source| &mut source.kind)
        {
            // Nothing shares the template before the policy is compiled.
            if Arc::get_mut(template).is_some_and(|template| template.send_credentials()) {
                *definition = Definition::with_credentials(*definition);
            }
        }
    }
}
