//! Which headers are the gate's.

use std::cell::RefCell;

use crate::config::{self, CLIENTS_OWN, Config, ConfigErrors, Path};
use crate::template::Template;

use super::names::HeaderNameSet;
use super::provider::Providers;

/// The headers that are the gate's: no client may send them, on any route. These are the ones that tell identity or choose
/// the upstream, and what any route sets, or adds with a value that the client doesn't have a say in.
///
/// Left out are the fields of HTTP's own, the locations of credentials, which are read first and stripped after, and what the
/// policy names in `clientHeaders`. A header that routes only add to, by literals and values of the request, stays the
/// client's: `add` appends (Gateway API, HTTPHeaderFilter).
///
/// While routes are compiled one after the other, what later ones write isn't known yet. So it is noted which headers
/// were told to be the client's, and compared in the end.
pub(super) struct Gates {
    known: HeaderNameSet,
    told: RefCell<Told>,
}

#[derive(Default)]
struct Told {
    /// What routes write, as far as they are compiled.
    written: HeaderNameSet,
    /// What was told to be the client's.
    clients: HeaderNameSet,
    /// What routes write that upstreams trust: the values are of a consumer, a credential or a lookup.
    trusted: HeaderNameSet,
}

impl Gates {
    /// What is the gate's whatever routes write.
    pub(super) fn of(config: &Config) -> Self {
        let mut known = HeaderNameSet::default();
        add_own(&mut known, config);
        Self::knowing(known)
    }

    fn knowing(known: HeaderNameSet) -> Self {
        Self {
            known,
            told: RefCell::default(),
        }
    }

    /// Whether the header is the gate's.
    pub(super) fn own(&self, name: &[u8]) -> bool {
        let own = self.known.contains(name);
        if !own {
            self.told.borrow_mut().clients.insert(name);
        }
        own
    }

    /// Notes what a route writes.
    pub(super) fn note(&self, route: &config::Route) {
        let Some(rewrite) = &route.rewrite else {
            return;
        };
        let mut told = self.told.borrow_mut();
        for edit in &rewrite.headers.set {
            told.written.insert(edit.name.as_bytes());
        }
        for edit in rewrite.headers.set.iter().chain(&rewrite.headers.add) {
            if !is_of_request(&edit.value) {
                told.written.insert(edit.name.as_bytes());
                told.trusted.insert(edit.name.as_bytes());
            }
        }
    }

    /// Whether clients may send what `clientHeaders` names; asked once every route is compiled.
    pub(super) fn check_client_headers(&self, config: &Config, errors: &mut ConfigErrors) {
        let told = self.told.borrow();
        let root = Path::Root;
        let path = root.field("clientHeaders");
        for (at, name) in config.client_headers.iter().enumerate() {
            let path = path.index(at);
            if is_own(name.as_bytes(), config) {
                let reason = "it is an identity header or the routing header";
                errors.suggest(
                    &path,
                    reason,
                    "remove it: the client's value must never be forwarded",
                );
            } else if told.trusted.contains(name.as_bytes()) {
                let reason =
                    "a route writes a value of a consumer, a credential or a lookup into it";
                errors.suggest(
                    &path,
                    reason,
                    "remove it: the client's value must never be forwarded",
                );
            }
        }
    }

    /// All of them, once every route is compiled.
    pub(super) fn all(&self, config: &Config, providers: &Providers) -> HeaderNameSet {
        let mut names = self.told.borrow().written.clone();
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

    /// Whether everybody was told right.
    ///
    /// # Errors
    /// What is to be told instead.
    pub(super) fn settle(&self, config: &Config, providers: &Providers) -> Result<(), Box<Self>> {
        let all = self.all(config, providers);
        if self
            .told
            .borrow()
            .clients
            .iter()
            .any(|name| all.contains(name))
        {
            Err(Box::new(Self::knowing(all)))
        } else {
            Ok(())
        }
    }
}

/// Whether a template holds nothing but literals and values of the request. One that doesn't compile is told elsewhere.
fn is_of_request(template: &str) -> bool {
    const OF_REQUEST: [&str; 5] = ["request", "path", "query", "header", "cookie"];
    let is_of_request = |variable: &str| {
        let root = variable.split('.').next();
        root.is_some_and(|root| OF_REQUEST.contains(&root))
    };
    !template.contains("${")
        || Template::parse(template)
            .is_ok_and(|template| template.variables().into_iter().all(is_of_request))
}

/// Whether the header tells identity or chooses the upstream.
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
