//! The headers that belong to the gate.

use std::cell::RefCell;

use crate::config::{self, CLIENTS_OWN, Config, ConfigErrors, Location, Path};
use crate::template::Template;

use super::names::HeaderNameSet;
use super::provider::Providers;

/// The headers that belong to the gate. No client may send them, on any route. They are: the headers that tell identity or
/// choose the upstream, the headers that a provider writes, the headers that any route sets, and the headers that any route
/// adds with a value that doesn't come from the request.
///
/// These don't belong to the gate: the fields of HTTP's own; the locations of credentials, which are read first and stripped
/// later; the headers that the policy names in `clientHeaders`. A header that routes only add to, with literals and values of
/// the request, belongs to the client: `add` appends (Gateway API, HTTPHeaderFilter).
///
/// Routes are compiled one after the other, and the headers of later routes aren't known yet. So this type records the headers
/// that it called the client's, and compares them at the end.
pub(super) struct OwnedHeaders {
    known: HeaderNameSet,
    /// The headers from which providers read credentials.
    of_credentials: HeaderNameSet,
    /// The query parameters from which providers read credentials.
    credential_parameters: Vec<Box<[u8]>>,
    /// Where each provider reads credentials.
    locations: Vec<(Box<str>, Location)>,
    recorded: RefCell<Recorded>,
}

#[derive(Default)]
struct Recorded {
    /// The headers that the routes compiled so far write.
    written: HeaderNameSet,
    /// The headers that were called the client's.
    clients: HeaderNameSet,
    /// The headers that routes write with values of a consumer, a credential, a claim or a lookup. Upstreams trust these.
    trusted: HeaderNameSet,
}

impl OwnedHeaders {
    /// The headers that belong to the gate, whatever the routes write.
    pub(super) fn of(config: &Config) -> Self {
        let mut known = HeaderNameSet::default();
        add_own(&mut known, config);
        Self::knowing(known, config)
    }

    fn knowing(known: HeaderNameSet, config: &Config) -> Self {
        let mut of_credentials = HeaderNameSet::default();
        let mut credential_parameters = Vec::new();
        let mut locations = Vec::new();
        for provider in &config.providers {
            for location in provider.value.locations() {
                locations.push((provider.name.as_str().into(), location.clone()));
                match location {
                    Location::Header { name, .. } | Location::Member { name, .. } => {
                        of_credentials.insert(name.as_bytes());
                    }
                    Location::Cookie(_) => of_credentials.insert(b"cookie"),
                    Location::Query(name) => credential_parameters.push(name.as_bytes().into()),
                }
            }
        }
        Self {
            known,
            of_credentials,
            credential_parameters,
            locations,
            recorded: RefCell::default(),
        }
    }

    /// Whether a provider of the policy reads credentials from the header.
    pub(super) fn holds_credentials(&self, name: &[u8]) -> bool {
        self.of_credentials.contains(name)
    }

    /// Whether the header belongs to the gate.
    pub(super) fn contains(&self, name: &[u8]) -> bool {
        let own = self.known.contains(name);
        if !own {
            self.recorded.borrow_mut().clients.insert(name);
        }
        own
    }

    /// Whether a provider of the policy reads credentials from the query parameter.
    pub(super) fn is_credential_parameter(&self, name: &[u8]) -> bool {
        let mut parameters = self.credential_parameters.iter();
        parameters.any(|other| **other == *name)
    }

    /// The providers of the policy that read credentials from such a location.
    pub(super) fn readers(&self, is_such: &dyn Fn(&Location) -> bool) -> Vec<&str> {
        let mut readers: Vec<&str> = Vec::new();
        for (name, location) in &self.locations {
            if is_such(location) && !readers.contains(&&**name) {
                readers.push(name);
            }
        }
        readers
    }

    /// Records the headers that a route writes.
    pub(super) fn record(&self, route: &config::Route) {
        let Some(rewrite) = &route.rewrite else {
            return;
        };
        let mut recorded = self.recorded.borrow_mut();
        let of_upstreams = rewrite.edits.iter().map(|edits| &edits.value.headers);
        for headers in of_upstreams.chain([&rewrite.headers]) {
            for edit in &headers.set {
                recorded.written.insert(edit.name.as_bytes());
            }
            for edit in headers.set.iter().chain(&headers.add) {
                if !is_of_request(&edit.value) {
                    recorded.written.insert(edit.name.as_bytes());
                    recorded.trusted.insert(edit.name.as_bytes());
                }
            }
        }
    }

    /// Checks whether clients may send the headers of `clientHeaders`. Call it after every route is compiled.
    pub(super) fn check_client_headers(&self, config: &Config, errors: &mut ConfigErrors) {
        let recorded = self.recorded.borrow();
        let root = Path::Root;
        let path = root.field("clientHeaders");
        for (at, name) in config.client_headers.iter().enumerate() {
            let path = path.index(at);
            if is_own(name.as_bytes(), config) {
                let reason =
                    "it is an identity header, the routing header or a header of a provider";
                errors.suggest(
                    &path,
                    reason,
                    "remove it: the client's value must never be forwarded",
                );
            } else if recorded.trusted.contains(name.as_bytes()) {
                let reason = "a route writes a value of a consumer, a credential, a claim or a lookup into it";
                errors.suggest(
                    &path,
                    reason,
                    "remove it: the client's value must never be forwarded",
                );
            }
        }
    }

    /// All headers of the gate. Call it after every route is compiled.
    pub(super) fn all(&self, config: &Config, providers: &Providers) -> HeaderNameSet {
        let mut names = self.recorded.borrow().written.clone();
        for name in CLIENTS_OWN {
            names.remove(name.as_bytes());
        }
        for name in &config.client_headers {
            names.remove(name.as_bytes());
        }
        for provider in providers.iter() {
            for location in &provider.locations {
                if let Some(name) = location.header() {
                    names.remove(name);
                }
            }
        }
        add_own(&mut names, config);
        names
    }

    /// Checks the answers that were given while the routes were compiled.
    ///
    /// # Errors
    /// One of the answers was wrong. Holds the headers to compile the routes with again.
    pub(super) fn settle(&self, config: &Config, providers: &Providers) -> Result<(), Box<Self>> {
        let all = self.all(config, providers);
        if self
            .recorded
            .borrow()
            .clients
            .iter()
            .any(|name| all.contains(name))
        {
            Err(Box::new(Self::knowing(all, config)))
        } else {
            Ok(())
        }
    }
}

/// Whether a template has only literals and values of the request. An error in the template is reported elsewhere.
fn is_of_request(template: &str) -> bool {
    const OF_REQUEST: [&str; 7] = [
        "request", "path", "query", "header", "cookie", "source", "time",
    ];
    let is_of_request = |variable: &str| {
        let root = variable.split('.').next();
        root.is_some_and(|root| OF_REQUEST.contains(&root))
    };
    !template.contains("${")
        || Template::parse(template)
            .is_ok_and(|template| template.variables().into_iter().all(is_of_request))
}

/// Whether the header tells identity or chooses the upstream, or a provider writes it.
fn is_own(name: &[u8], config: &Config) -> bool {
    let mut own = HeaderNameSet::default();
    add_own(&mut own, config);
    own.contains(name)
}

fn add_own(names: &mut HeaderNameSet, config: &Config) {
    for name in identity_headers(&config.identity) {
        names.insert(name.as_bytes());
    }
    for provider in &config.providers {
        for name in provider.value.headers() {
            names.insert(name.as_bytes());
        }
    }
    if let Some(routing) = &config.routing {
        names.insert(routing.header.as_bytes());
    }
}

pub(super) fn identity_headers(identity: &config::IdentityHeaders) -> impl Iterator<Item = &str> {
    let some = [
        Some(&identity.consumer),
        identity.groups.as_ref(),
        identity.credential.as_ref(),
    ];
    some.into_iter()
        .flatten()
        .chain(identity.labels.iter().map(|label| &label.value))
        .map(String::as_str)
}
