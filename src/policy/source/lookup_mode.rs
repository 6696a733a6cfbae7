//! How lookups read sources.

use super::{Source, SourceId, SourceKind, Sources};

/// How a lookup may read a source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::policy) enum LookupMode {
    /// One document, without an index.
    Whole,
    /// One document, by key or as a whole.
    Indexed,
    /// One document for each key.
    OnDemand,
}

impl Sources {
    pub(in crate::policy) fn lookup_mode(&self, id: SourceId) -> LookupMode {
        match self.list.get(id.index()) {
            Some(Source {
                kind: SourceKind::OnDemand { .. },
                ..
            }) => LookupMode::OnDemand,
            Some(Source { index: Some(_), .. }) => LookupMode::Indexed,
            Some(_) | None => LookupMode::Whole,
        }
    }
}
