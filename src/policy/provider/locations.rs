//! Where a provider's credentials stand.

use crate::auth::{Location, Prefix};
use crate::config::{self, ConfigErrors, Path};
use crate::http::Text;

use super::{Provider, Providers};

/// One of a provider's locations, by its index in the provider's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LocationId(usize);

impl Provider {
    /// The id of one of the provider's own locations.
    pub(crate) fn location_id(&self, location: &Location) -> Option<LocationId> {
        let mut all = self.locations.iter();
        all.position(|own| std::ptr::eq(own, location))
            .map(LocationId)
    }

    /// The location with this id.
    pub(crate) fn location(&self, id: LocationId) -> Option<&Location> {
        self.locations.get(id.0)
    }
}

/// Compiles the locations of the provider `name`, which are written at `path`.
///
/// Refuses two locations in one list of tokens if one prefix begins with the other. A member could belong to both providers, and
/// one of them would accept what the other one rejects.
pub(super) fn compile(
    name: &str,
    written: &[config::Location],
    others: &Providers,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Vec<Location> {
    let locations: Vec<Location> = written.iter().map(location).collect();
    for (at, own) in locations.iter().enumerate() {
        let overlaps = |other: &Location| {
            matches!(own, Location::Member { .. }) && own != other && own.overlaps(other)
        };
        let mut all = others.iter();
        let other = all.find(|other| other.locations.iter().any(overlaps));
        let other = other.map(|other| &*other.name);
        let own = locations.iter().take(at).any(overlaps).then_some(name);
        if let Some(other) = other.or(own) {
            let reason =
                format!("a member of the list may begin with this and with a prefix of `{other}`");
            errors.suggest(
                &path.index(at).field("prefix"),
                reason,
                "choose prefixes of which none begins with another",
            );
        }
    }
    locations
}

fn location(written: &config::Location) -> Location {
    let shared = |text: &str| Text::shared(text.as_bytes());
    match written {
        config::Location::Header { name, prefix } => Location::Header {
            name: name.to_ascii_lowercase().as_str().into(),
            prefix: prefix
                .as_ref()
                .and_then(|prefix| Prefix::new(prefix.as_bytes())),
        },
        config::Location::Member { name, prefix } => Location::Member {
            name: name.as_str().into(),
            prefix: shared(prefix),
        },
        config::Location::Query(name) => Location::Query(shared(name)),
        config::Location::Cookie(name) => Location::Cookie(shared(name)),
    }
}
