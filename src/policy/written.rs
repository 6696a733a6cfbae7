//! Which headers are the gate's.

use std::cell::RefCell;

use crate::auth::Place;
use crate::config::{self, Config};

use super::names::Names;
use super::provider::Providers;

/// Header fields of HTTP's own that clients send for themselves. A route that sets one of them changes it on its own
/// requests; it doesn't become the gate's everywhere.
const CLIENTS_OWN: [&[u8]; 24] = [
    b"accept",
    b"accept-charset",
    b"accept-encoding",
    b"accept-language",
    b"authorization",
    b"cache-control",
    b"content-disposition",
    b"content-encoding",
    b"content-language",
    b"content-type",
    b"cookie",
    b"date",
    b"expect",
    b"from",
    b"if-match",
    b"if-modified-since",
    b"if-none-match",
    b"if-range",
    b"if-unmodified-since",
    b"origin",
    b"pragma",
    b"range",
    b"referer",
    b"user-agent",
];

/// Every header that any part of the policy may write: no client may send it, on any route. Left out are the fields of
/// HTTP's own, and the places of credentials, which are read first and stripped after.
///
/// While routes are compiled one after the other, what later ones write isn't known yet. So it is noted which headers
/// were told to be the client's, and compared in the end.
pub(super) struct Gates {
    known: Names,
    told: RefCell<Told>,
}

#[derive(Default)]
struct Told {
    /// What routes write, as far as they are compiled.
    written: Names,
    /// What was told to be the client's.
    clients: Names,
}

impl Gates {
    /// What is the gate's whatever routes write.
    pub(super) fn of(config: &Config) -> Self {
        let mut known = Names::default();
        add_own(&mut known, config);
        Self::knowing(known)
    }

    fn knowing(known: Names) -> Self {
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
        for edit in rewrite.headers.set.iter().chain(&rewrite.headers.add) {
            told.written.insert(edit.name.as_bytes());
        }
    }

    /// All of them, once every route is compiled.
    pub(super) fn all(&self, config: &Config, providers: &Providers) -> Names {
        let mut names = self.told.borrow().written.clone();
        for name in CLIENTS_OWN {
            names.remove(name);
        }
        for provider in providers.iter() {
            for place in &provider.places {
                if let Place::Header { name, .. } = place {
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
    pub(super) fn settle(&self, config: &Config, providers: &Providers) -> Result<(), Self> {
        let all = self.all(config, providers);
        if self
            .told
            .borrow()
            .clients
            .iter()
            .any(|name| all.contains(name))
        {
            Err(Self::knowing(all))
        } else {
            Ok(())
        }
    }
}

fn add_own(names: &mut Names, config: &Config) {
    for name in identity_headers(&config.identity) {
        names.insert(name.as_bytes());
    }
    if let Some(routing) = &config.routing {
        names.insert(routing.header.as_bytes());
    }
}

pub(super) fn identity_headers(identity: &config::Identity) -> impl Iterator<Item = &str> {
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
