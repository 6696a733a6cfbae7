//! A request's head in its one spelling.

use std::borrow::Cow;

use crate::http::{Headers, Request};
use crate::policy::{Denial, Policy, Reason};
use crate::route::{self, CanonicalPath, PathError, canonical_host, canonicalise};

/// What the stages read of a request: sanitised and canonical.
#[derive(Debug)]
pub(super) struct Head<'r> {
    pub(super) request: Request<'r>,
    pub(super) method: &'r [u8],
    pub(super) authority: &'r [u8],
    pub(super) host: Cow<'r, [u8]>,
    pub(super) path: CanonicalPath<'r>,
}

impl<'r> Head<'r> {
    /// The canonical head.
    pub(super) fn read(request: Request<'r>, policy: &Policy) -> Result<Self, Denial> {
        let path = request.path().ok_or(Reason::MissingPath)?;
        let path = canonicalise(path, &policy.paths).map_err(reason)?;
        let authority = authority(&request.headers())?;
        let host = canonical_host(authority).map_err(|_| Reason::MalformedHost)?;
        // A request always has a method; without one nothing that names methods matches.
        let method = request.method().unwrap_or_default();
        Ok(Self {
            request,
            method,
            authority,
            host,
            path,
        })
    }

    /// What the router reads. Predicates on the gate's own headers don't compile, so it needs no sanitised copy.
    pub(super) fn for_router(&self) -> route::Head<'_> {
        route::Head {
            host: &self.host,
            path: self.path.matching(),
            method: self.method,
            query: self.path.query(),
            headers: self.request.headers(),
        }
    }
}

/// The one host that was sent: two would be read differently by different servers (RFC 9112 §3.2).
fn authority<'r>(headers: &Headers<'r>) -> Result<&'r [u8], Reason> {
    let mut hosts = headers.all(b":authority").chain(headers.all(b"host"));
    let host = hosts
        .next()
        .filter(|host| !host.is_empty())
        .ok_or(Reason::MissingHost)?;
    if hosts.next().is_some() {
        Err(Reason::MalformedHost)
    } else {
        Ok(host)
    }
}

const fn reason(error: PathError) -> Reason {
    match error {
        PathError::EscapedSlash
        | PathError::Backslash
        | PathError::DuplicateSlash
        | PathError::Parameter
        | PathError::HiddenDotSegment => Reason::AmbiguousPath,
        PathError::NoLeadingSlash
        | PathError::Fragment
        | PathError::BadEscape
        | PathError::ControlByte
        | PathError::NotUtf8 => Reason::MalformedPath,
    }
}
