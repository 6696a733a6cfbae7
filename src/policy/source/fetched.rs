//! Sources that are fetched.

use std::sync::Arc;

use crate::config;
use crate::policy::definition::Definition;
use crate::source::{Format, Limits, Protocol, RequestTemplate, Schedule};

use super::SourceKind;

/// The most memory of the documents that one source on demand keeps in one VM, in bytes.
const REMEMBERED_BYTES: usize = 64 << 20;

/// The default of `maxKeyBytes`.
pub(super) const KEY_BYTES: usize = 256;

/// A source that speaks this protocol, with documents in this format: watched, or on demand.
pub(super) fn fetched(
    protocol: Protocol,
    format: Format,
    source: &config::Source,
    mut definition: Definition,
) -> SourceKind {
    if let Some(limits) = &source.on_demand {
        definition.add(format!("{format:?}").as_bytes());
        let template = RequestTemplate::new(protocol, format);
        return on_demand(template, limits, definition, KEY_BYTES);
    }
    definition.add(format!("watched {format:?}").as_bytes());
    SourceKind::Watched {
        protocol: Arc::new(protocol),
        format,
        schedule: Schedule {
            refresh: source.refresh,
            stale_for: source.stale_for,
        },
        definition: definition.hash(),
    }
}

/// A source that sends this request for each entry.
pub(super) fn on_demand(
    template: RequestTemplate,
    written: &config::OnDemand,
    definition: Definition,
    most_key_bytes: usize,
) -> SourceKind {
    let limits = Limits {
        ttl: written.ttl,
        miss_ttl: written.miss_ttl,
        stale_for: written.stale_for,
        max_in_flight: usize::try_from(written.max_in_flight).unwrap_or(usize::MAX),
        max_key_bytes: written.max_key_bytes.unwrap_or(most_key_bytes),
        max_entries: written.max_entries,
        max_bytes: REMEMBERED_BYTES,
    };
    SourceKind::on_demand(template, limits, definition)
}
