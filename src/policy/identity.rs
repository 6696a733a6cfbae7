//! The headers that identify the sender to the upstream, and the choice of an upstream.

use crate::auth::Location;
use crate::config::{self, Config, ConfigErrors, Path};
use crate::http::{KnownName, Text, same_name};

use super::owned_headers::identity_headers;
use super::provider::Providers;

/// The headers that identify the sender to the upstream. All are set by replacing.
#[derive(Debug)]
pub(crate) struct IdentityHeaders {
    pub(crate) consumer: KnownName,
    pub(crate) groups: Option<KnownName>,
    pub(crate) credential: Option<KnownName>,
    /// Label, header.
    pub(crate) labels: Vec<(Box<str>, KnownName)>,
}

impl IdentityHeaders {
    /// Whether the upstream gets the consumer's name, and nothing more.
    pub(crate) fn tells_name_alone(&self) -> bool {
        self.groups.is_none() && self.credential.is_none() && self.labels.is_empty()
    }

    pub(super) fn compile(written: &config::IdentityHeaders) -> Self {
        let header = |name: &String| KnownName::from(name.as_str());
        Self {
            consumer: header(&written.consumer),
            groups: written.groups.as_ref().map(header),
            credential: written.credential.as_ref().map(header),
            labels: written
                .labels
                .iter()
                .map(|label| (label.name.as_str().into(), header(&label.value)))
                .collect(),
        }
    }
}

/// The header by which Envoy chooses the upstream, and its allowed values.
#[derive(Debug)]
pub(crate) struct Routing {
    pub(crate) header: KnownName,
    allow: Vec<Text>,
}

impl Routing {
    pub(super) fn compile(written: &config::Routing) -> Self {
        Self {
            header: written.header.as_str().into(),
            allow: written
                .allow
                .iter()
                .map(|name| Text::shared(name.as_bytes()))
                .collect(),
        }
    }

    /// The allowed upstream of this name, shared.
    pub(crate) fn allowed(&self, upstream: &[u8]) -> Option<&Text> {
        self.allow.iter().find(|name| ***name == *upstream)
    }
}

/// One header can't mean two things: identity, routing and credentials each have their own. Two providers may write one header,
/// because usually one of them verifies a request.
pub(super) fn check_headers(config: &Config, providers: &Providers, errors: &mut ConfigErrors) {
    let path = Path::Root;
    let mut seen: Vec<(&str, Option<&str>)> = Vec::new();
    let routing = config
        .routing
        .as_ref()
        .map(|routing| routing.header.as_str());
    let of_providers = config.providers.iter().flat_map(|provider| {
        let headers = provider.value.headers().into_iter();
        headers.map(move |name| (name, Some(provider)))
    });
    let own = identity_headers(&config.identity).map(|name| (name, None));
    for (name, writer) in own
        .chain(routing.map(|name| (name, None)))
        .chain(of_providers)
    {
        let providers_field = path.field("providers");
        let at = match writer {
            Some(provider) => providers_field.field(&provider.name),
            None if Some(name) == routing => path.field("routing"),
            None => path.field("identity"),
        };
        let writer = writer.map(|provider| &*provider.name);
        if seen.iter().any(|(other, others)| {
            let are_providers = writer.is_some() && others.is_some();
            let is_shared = are_providers && *others != writer;
            same_name(other.as_bytes(), name.as_bytes()) && !is_shared
        }) {
            errors.push(&at, format!("the header `{name}` has two meanings"));
        }
        let read = |location: &Location| {
            let header = location.header();
            header.is_some_and(|read| same_name(read, name.as_bytes()))
        };
        if let Some(provider) = providers
            .iter()
            .find(|provider| provider.locations.iter().any(read))
        {
            let reason = format!(
                "the provider `{}` reads credentials from the header `{name}`",
                provider.name
            );
            errors.push(&at, reason);
        }
        seen.push((name, writer));
    }
}
