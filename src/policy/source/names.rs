//! The names in JSONPaths.

use crate::config::{self, Named};
use crate::source::PropertyNames;

use super::merge;

/// What the names in JSONPaths for a source's documents stand for.
pub(super) fn names(written: &config::Source, all: &[Named<config::Source>]) -> PropertyNames {
    if let config::SourceKind::Merge(parts) = &written.kind {
        merge::names(parts, all)
    } else {
        own_names(written)
    }
}

/// The same for a source that isn't made of others.
pub(super) fn own_names(written: &config::Source) -> PropertyNames {
    let kind = &written.kind;
    let is_parts = matches!(
        kind,
        config::SourceKind::SpringCloudAlibaba(_) | config::SourceKind::SpringCloudConsul(_)
    );
    let is_relaxed = is_parts
        || matches!(kind, config::SourceKind::SpringCloudConfig(spring) if spring.file.is_none());
    if is_relaxed {
        PropertyNames::Relaxed
    } else {
        PropertyNames::Exact
    }
}
