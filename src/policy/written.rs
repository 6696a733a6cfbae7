//! Which headers are the gate's.

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
pub(super) fn written(config: &Config, providers: &Providers) -> Names {
    let mut names = Names::default();
    for route in &config.routes {
        let Some(rewrite) = &route.rewrite else {
            continue;
        };
        for edit in rewrite.headers.set.iter().chain(&rewrite.headers.add) {
            names.insert(edit.name.as_bytes());
        }
    }
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
    for name in identity_headers(&config.identity) {
        names.insert(name.as_bytes());
    }
    if let Some(routing) = &config.routing {
        names.insert(routing.header.as_bytes());
    }
    names
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
