//! A set of keys (RFC 7517 §5), at a known path or where the issuer's discovery document says.

mod cache_control;
mod discovery;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::http::{Callout, CalloutError, Endpoint, Reply, Text};
use crate::source::path::{PathError, absolute};
use crate::source::{Format, Hash, SourceError, Version};
use crate::time::Timestamp;

use super::http::{ask, read, validators_text};
use super::protocol::{DocumentStatus, Exchange, Next};

use cache_control::{CacheControl, cache_control};
use discovery::Discovery;

/// What a request for keys asks for. Many issuers know only the second one.
const MEDIA_TYPES: &str = "application/jwk-set+json, application/json";

/// The shortest pause that an answer can ask for: a busy issuer's `max-age=1` must not make the filter a burden.
const SHORTEST_PAUSE: Duration = Duration::from_secs(10);

/// A set of keys. How long it is fresh is what the policy says, or less: `max-age` of the answer shortens it (RFC 9111
/// §5.2.2.1), not below ten seconds.
#[derive(Debug)]
pub struct JwksProtocol {
    endpoint: Endpoint,
    path: Text,
    discovery: Option<Discovery>,
}

/// What is remembered between two callouts, and until the next fetch.
#[derive(Debug, Default)]
pub(in crate::source) struct JwksSession {
    known: Version,
    step: Step,
    /// The `max-age` of the last answer.
    max_age: Option<Duration>,
}

/// Which reply comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The discovery document.
    Discovery,
    /// The keys; where they were discovered, with the hash of their URL.
    Keys(Option<Hash>),
}

impl Default for Step {
    fn default() -> Self {
        Self::Keys(None)
    }
}

impl JwksProtocol {
    /// The set at `path`, with its query.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn direct(endpoint: Endpoint, path: &str) -> Result<Self, PathError> {
        let path = absolute(path)?;
        Ok(Self {
            endpoint,
            path,
            discovery: None,
        })
    }

    /// The set that the document at `path` names (OpenID Connect Discovery 1.0 §4, RFC 8414 §3). The document is read at
    /// each fetch, and must be about this `issuer`. The set is read from the endpoint's own cluster, if it has the same
    /// origin, or from the cluster of its authority in `clusters`: `HOST` or `HOST:PORT`, and the cluster's name. The
    /// headers of the endpoint are sent to its own cluster only.
    ///
    /// # Errors
    /// [`PathError`].
    pub fn discovered(
        endpoint: Endpoint,
        path: &str,
        issuer: &str,
        clusters: Vec<(Box<str>, Text)>,
    ) -> Result<Self, PathError> {
        let path = absolute(path)?;
        Ok(Self {
            endpoint,
            path,
            discovery: Some(Discovery::new(issuer, clusters)),
        })
    }

    /// Reads the discovery document, and asks for the keys.
    fn follow(
        &self,
        discovery: &Discovery,
        reply: Result<Reply, CalloutError>,
        session: &mut JwksSession,
    ) -> Result<Callout, DocumentStatus> {
        let body = match read(reply, &self.endpoint) {
            DocumentStatus::Changed { body, .. } => body,
            // Nothing was known that could be the same.
            DocumentStatus::Same => return Err(DocumentStatus::Broken(SourceError::Status(304))),
            failed @ (DocumentStatus::Missing
            | DocumentStatus::Refused(_)
            | DocumentStatus::Broken(_)) => return Err(failed),
        };
        let keys = discovery.keys(&body, &self.endpoint);
        let keys = keys.map_err(DocumentStatus::Broken)?;
        session.step = Step::Keys(Some(keys.url));
        let mut callout = keys.endpoint.request("GET", keys.path);
        ask(
            &mut callout,
            MEDIA_TYPES,
            &unbound(&session.known, keys.url),
        );
        Ok(callout)
    }
}

impl Exchange for JwksProtocol {
    type Session = JwksSession;

    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn start(&self, session: &mut JwksSession, known: &Version, _: Timestamp) -> Callout {
        session.known = known.clone();
        let mut callout = self.endpoint.request("GET", self.path.clone());
        if self.discovery.is_some() {
            session.step = Step::Discovery;
            ask(&mut callout, Format::JSON.media_type(), &Version::default());
        } else {
            session.step = Step::Keys(None);
            ask(&mut callout, MEDIA_TYPES, known);
        }
        callout
    }

    fn reply(
        &self,
        session: &mut JwksSession,
        reply: Result<Reply, CalloutError>,
        _: Timestamp,
    ) -> Next {
        let url = match (session.step, &self.discovery) {
            (Step::Discovery, Some(discovery)) => {
                return match self.follow(discovery, reply, session) {
                    Ok(callout) => Next::Send(callout),
                    Err(status) => Next::Done(status),
                };
            }
            (Step::Keys(url), _) => url,
            (Step::Discovery, None) => None,
        };
        let known = url.map_or_else(|| session.known.clone(), |url| unbound(&session.known, url));
        let said = reply.as_ref().map_or(CacheControl::Absent, cache_control);
        let mut status = read(reply, &self.endpoint);
        match (&status, said) {
            // An answer without content updates what it says, and only that (RFC 9111 §4.3.4).
            (DocumentStatus::Same, CacheControl::Absent) => {}
            (_, CacheControl::MaxAge(age)) => session.max_age = Some(age),
            (_, CacheControl::Absent | CacheControl::Other) => session.max_age = None,
        }
        match (&mut status, url) {
            (DocumentStatus::Changed { version, .. }, Some(url)) => *version = bound(version, url),
            // Nothing was known that could be the same: perhaps the keys are at another URL now.
            (DocumentStatus::Same, _) if known == Version::default() => {
                status = DocumentStatus::Broken(SourceError::Status(304));
            }
            _ => {}
        }
        Next::Done(status)
    }

    fn version_text(&self, version: &Version) -> String {
        let token = version.token();
        // Of a set that was discovered, the hash of its URL comes first.
        let own = self.discovery.as_ref().and_then(|_| token.get(32..));
        validators_text(&Version::new(own.unwrap_or(token)))
    }

    fn pause(&self, session: &JwksSession, refresh: Duration) -> Duration {
        session
            .max_age
            .map_or(refresh, |age| refresh.min(age.max(SHORTEST_PAUSE)))
    }
}

/// The version of a set that was discovered: it means nothing to another URL, which may have the same entity tag for
/// other keys.
fn bound(version: &Version, url: Hash) -> Version {
    if *version == Version::default() {
        return Version::default();
    }
    Version::new(&[&url.0, version.token()].concat())
}

/// The version as the server at this URL gave it. Nothing if another one did.
fn unbound(version: &Version, url: Hash) -> Version {
    let token = version.token().strip_prefix(&url.0);
    token.map(Version::new).unwrap_or_default()
}
