//! Named ways to authenticate.

use crate::auth::{Location, Prefix};
use crate::config::{self, ConfigErrors, Named, Path};
use crate::http::Text;

/// What becomes of a credential once it has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Afterwards {
    /// It ends here.
    Strip,
    /// The upstream gets it, if it was verified.
    Forward,
}

/// One way to authenticate: by API key, so far.
#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) name: Box<str>,
    pub(crate) locations: Vec<Location>,
    pub(crate) challenge: Text,
    pub(crate) afterwards: Afterwards,
}

impl Provider {
    /// Whether a credential of it may stand elsewhere than in a header of its own: in a cookie or in the query.
    pub(super) fn looks_elsewhere(&self) -> bool {
        let in_header = |location: &Location| matches!(location, Location::Header { .. });
        !self.locations.iter().all(in_header)
    }
}

/// One of a policy's providers, by its index in the policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProviderId(usize);

impl ProviderId {
    /// The index: from zero, in the order of the policy.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0
    }

    /// The provider after it.
    pub(super) const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// The first provider.
    pub(super) const FIRST: Self = Self(0);
}

/// All of a policy's providers.
#[derive(Debug, Default)]
pub(crate) struct Providers(Vec<Provider>);

impl Providers {
    pub(super) fn compile(written: &[Named<config::Provider>]) -> Self {
        Self(written.iter().map(compile).collect())
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn at(&self, id: ProviderId) -> Option<&Provider> {
        self.0.get(id.0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter()
    }

    /// All of them by their index.
    #[cfg(test)]
    pub(crate) fn ids(&self) -> impl Iterator<Item = ProviderId> + use<> {
        (0..self.0.len()).map(ProviderId)
    }

    /// The provider of this name.
    pub(super) fn named(
        &self,
        name: &str,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ProviderId> {
        let found = self.0.iter().position(|provider| *provider.name == *name);
        if found.is_none() {
            errors.suggest(path, format!("there is no provider `{name}`"), self.known());
        }
        found.map(ProviderId)
    }

    /// The provider that a credential belongs to: the one it names, or the only one there is.
    pub(super) fn for_credential(
        &self,
        name: Option<&str>,
        path: &Path<'_>,
        errors: &mut ConfigErrors,
    ) -> Option<ProviderId> {
        match (name, self.0.len()) {
            (Some(name), _) => self.named(name, &path.field("provider"), errors),
            (None, 1) => Some(ProviderId::FIRST),
            (None, _) => {
                let reason = "which provider the credential belongs to can't be told";
                errors.suggest(
                    path,
                    reason,
                    format!("name it: `provider`; {}", self.known()),
                );
                None
            }
        }
    }

    fn known(&self) -> String {
        let names: Vec<_> = self
            .0
            .iter()
            .map(|provider| format!("`{}`", provider.name))
            .collect();
        if names.is_empty() {
            "`providers` is empty".into()
        } else {
            format!("there are {}", names.join(", "))
        }
    }
}

/// What the reading of a provider's credentials in a document depends on, besides the provider's location among the others.
/// Documents are shared by this, so it must not depend on anything else: a push that changes a realm loses no document.
/// A kind whose credentials are read by more than the kind has to say it all here.
pub(super) const fn read_by(written: &config::Provider) -> &'static str {
    match written {
        config::Provider::ApiKey(_) => "apiKey",
    }
}

fn compile(written: &Named<config::Provider>) -> Provider {
    let config::Provider::ApiKey(provider) = &written.value;
    let locations: Vec<Location> = provider.from.iter().map(location).collect();
    // RFC 9110 §11.6.1.
    let realm = provider.realm.replace('\\', "\\\\").replace('"', "\\\"");
    let mut challenge = match &provider.challenge {
        Some(scheme) => scheme.clone().into_bytes(),
        None => scheme(&locations).to_vec(),
    };
    challenge.extend(format!(" realm=\"{realm}\"").into_bytes());
    Provider {
        name: written.name.as_str().into(),
        locations,
        challenge: Text::shared(&challenge),
        afterwards: if provider.forward {
            Afterwards::Forward
        } else {
            Afterwards::Strip
        },
    }
}

/// The scheme that clients are to use: that of the first location that has one. `ApiKey` is no registered scheme, but what
/// gateways send.
fn scheme(locations: &[Location]) -> &[u8] {
    let mut schemes = locations.iter().filter_map(|location| match location {
        Location::Header { prefix, .. } => prefix.as_ref().and_then(Prefix::scheme),
        Location::Member { .. } | Location::Query(_) | Location::Cookie(_) => None,
    });
    schemes.next().unwrap_or(b"ApiKey")
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
