//! Where an issuer's keys come from.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, ConfigErrors, Path};
use crate::http::{Authority, HttpUrl, Scheme, Text};
use crate::policy::definition::Definition;
use crate::policy::endpoint::endpoint;
use crate::policy::provider::CompileInputs;
use crate::policy::source::{Source, SourceId, SourceKind};
use crate::source::{Format, JwksProtocol, PathError, PropertyNames, Protocol, Schedule};

/// Where an issuer's keys come from, and how long exchanges wait for them.
#[derive(Debug)]
pub(super) struct PublishedBy {
    pub(super) source: SourceId,
    /// How long an exchange waits for the first set.
    pub(super) hold: Duration,
    /// How often the set is fetched again because of an unknown `kid`, at most.
    pub(super) unknown_kid_interval: Duration,
}

/// The keys at an address, for the provider `name`.
pub(super) fn remote(
    name: &str,
    written: &config::RemoteKeys,
    inputs: &mut CompileInputs<'_>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<PublishedBy> {
    let endpoint = endpoint(written.endpoint(), inputs.environment, path, errors);
    let mut definition = Definition::default();
    definition.add(b"jwks");
    definition.add(written.path.as_bytes());
    definition.endpoint(&endpoint);
    let protocol = JwksProtocol::direct(endpoint, &written.path);
    let protocol = refuse_path(protocol, path, errors)?;
    let schedule = Schedule {
        refresh: written.refresh,
        stale_for: written.stale_for,
    };
    Some(PublishedBy {
        source: add(name, protocol, schedule, definition, inputs),
        hold: written.hold,
        unknown_kid_interval: written.unknown_kid_interval,
    })
}

/// The keys that the issuer's metadata name, for the provider `name`. `provider` leads to that provider.
pub(super) fn discovered(
    name: &str,
    written: &config::DiscoveredKeys,
    issuer: Option<&config::Accepted>,
    inputs: &mut CompileInputs<'_>,
    provider: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<PublishedBy> {
    let path = provider.field("keys");
    let path = path.field("discovery");
    let (issuer, url) = issuer_url(issuer, &provider.field("issuer"), errors)?;
    let clusters = clusters(&written.clusters, &path.field("clusters"), errors);
    let of_metadata = written.path.clone().unwrap_or_else(|| well_known(url));
    let scheme = match url.scheme {
        Scheme::Http => config::Scheme::Http,
        Scheme::Https => config::Scheme::Https,
    };
    let address = written.endpoint(url.authority, scheme);
    let endpoint = endpoint(address, inputs.environment, &path, errors);
    let mut definition = Definition::default();
    definition.add(b"discovered jwks");
    definition.add(of_metadata.as_bytes());
    definition.add(issuer.as_bytes());
    definition.endpoint(&endpoint);
    for known in &written.clusters {
        definition.add(known.name.as_bytes());
        definition.add(known.value.as_bytes());
    }
    let protocol = JwksProtocol::discovered(endpoint, &of_metadata, issuer, clusters);
    let protocol = refuse_path(protocol, &path, errors)?;
    let schedule = Schedule {
        refresh: written.refresh,
        stale_for: written.stale_for,
    };
    Some(PublishedBy {
        source: add(name, protocol, schedule, definition, inputs),
        hold: written.hold,
        unknown_kid_interval: written.unknown_kid_interval,
    })
}

/// The cluster of each authority.
fn clusters(
    written: &[config::Named<String>],
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Vec<(Box<str>, Text)> {
    for known in written {
        if Authority::parse(&known.name).is_none() {
            let suggestion = "`HOST` or `HOST:PORT`, as in `keys.id.example`";
            let reason = "not a host and a port";
            errors.suggest(&path.field(&known.name), reason, suggestion);
        }
    }
    let of_authority = |known: &config::Named<String>| {
        let cluster = Text::shared(known.value.as_bytes());
        (known.name.as_str().into(), cluster)
    };
    written.iter().map(of_authority).collect()
}

/// The issuer, which has to be one URL.
fn issuer_url<'c>(
    issuer: Option<&'c config::Accepted>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<(&'c str, HttpUrl<'c>)> {
    let suggestion = "the issuer's URL, as its metadata and its tokens have it";
    let Some(config::Accepted::These(issuers)) = issuer else {
        // A missing one is an error already.
        if issuer.is_some() {
            errors.suggest(path, "the metadata are those of one issuer", suggestion);
        }
        return None;
    };
    let [issuer] = issuers.as_slice() else {
        errors.suggest(path, "the metadata are those of one issuer", suggestion);
        return None;
    };
    match HttpUrl::parse(issuer) {
        Ok(url) => Some((issuer, url)),
        Err(error) => {
            errors.suggest(path, error.to_string(), suggestion);
            None
        }
    }
}

/// The path of an issuer's metadata (OpenID Connect Discovery 1.0 §4).
fn well_known(issuer: HttpUrl<'_>) -> String {
    let path = issuer.path.split('?').next().unwrap_or_default();
    let path = path.strip_suffix('/').unwrap_or(path);
    format!("{path}/.well-known/openid-configuration")
}

fn refuse_path(
    protocol: Result<JwksProtocol, PathError>,
    path: &Path<'_>,
    errors: &mut ConfigErrors,
) -> Option<JwksProtocol> {
    let refuse = |error: PathError| errors.push(&path.field("path"), error.to_string());
    protocol.map_err(refuse).ok()
}

/// Adds the source of a provider's keys.
fn add(
    provider: &str,
    protocol: JwksProtocol,
    schedule: Schedule,
    definition: Definition,
    inputs: &mut CompileInputs<'_>,
) -> SourceId {
    inputs.sources.add(Source {
        name: format!("providers.{provider}.keys").into(),
        kind: SourceKind::Watched {
            protocol: Arc::new(Protocol::Jwks(protocol)),
            format: Format::JSON,
            schedule,
            definition: definition.hash(),
        },
        index: None,
        is_looked_into: true,
        holds_keys: true,
        request: None,
        names: PropertyNames::Exact,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metadata_stand_below_the_issuer() {
        for (issuer, path) in [
            ("https://id.example", "/.well-known/openid-configuration"),
            ("https://id.example/", "/.well-known/openid-configuration"),
            (
                "https://id.example/realms/a",
                "/realms/a/.well-known/openid-configuration",
            ),
            (
                "https://id.example/t/v2.0/",
                "/t/v2.0/.well-known/openid-configuration",
            ),
        ] {
            assert_eq!(well_known(HttpUrl::parse(issuer).unwrap()), path);
        }
    }
}
