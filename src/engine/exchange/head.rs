//! The canonical head of a request.

use std::borrow::Cow;

use crate::http::{Headers, LengthSet, Request};
use crate::policy::{Denial, Policy, Reason};
use crate::route::{
    self, CanonicalPath, MatchNotes, RequestPathError, canonical_host, canonicalise,
};

/// The parts of a request that the stages read, in canonical form and without owned headers.
#[derive(Debug)]
pub(in crate::engine) struct Head<'r> {
    pub(in crate::engine) request: &'r Request<'r>,
    pub(in crate::engine) method: &'r [u8],
    pub(in crate::engine) authority: &'r [u8],
    /// `:path` as the client sent it.
    pub(in crate::engine) target: &'r [u8],
    pub(in crate::engine) host: Cow<'r, [u8]>,
    pub(in crate::engine) path: CanonicalPath<'r>,
    /// What the search for a route noted.
    pub(in crate::engine) notes: MatchNotes,
}

impl<'r> Head<'r> {
    /// The canonical head.
    pub(in crate::engine) fn read(
        request: &'r Request<'r>,
        policy: &Policy,
    ) -> Result<Self, Denial> {
        let Parts {
            path: target,
            method,
            authority,
        } = Parts::of(request.headers())?;
        let path = canonicalise(target, &policy.paths).map_err(reason)?;
        let host = canonical_host(authority).map_err(|_| Reason::MalformedHost)?;
        Ok(Self {
            request,
            method,
            authority,
            target,
            host,
            path,
            notes: MatchNotes::default(),
        })
    }

    /// The input of the router. Predicates on owned headers don't compile, so the router needs no sanitised copy.
    pub(in crate::engine) fn for_router(&self) -> route::MatchInput<'_> {
        route::MatchInput {
            host: &self.host,
            path: self.path.matching(),
            method: self.method,
            query: self.path.query(),
            headers: self.request.headers(),
            notes: &self.notes,
        }
    }
}

/// The pseudo-headers of a request, found in one pass.
struct Parts<'r> {
    path: &'r [u8],
    method: &'r [u8],
    authority: &'r [u8],
}

/// The names of these pseudo-headers.
const PARTS: LengthSet = LengthSet::of(&[b":path", b":method", b":authority", b"host"]);

impl<'r> Parts<'r> {
    fn of(headers: &Headers<'r>) -> Result<Self, Reason> {
        let (mut path, mut method, mut authority) = (None, None, None);
        // No `for` loop: the compiler makes two nested loops of it, and V8 unrolls the inner one.
        headers.of_lengths(PARTS).try_for_each(|(name, value)| {
            // One comparison for each name is less code than a tree of bytes.
            if name == b":path" {
                if path.replace(value).is_some() {
                    return Err(Reason::MalformedPath);
                }
            } else if name == b":authority" || name == b"host" {
                // Servers choose differently between two hosts (RFC 9112 §3.2).
                if authority.replace(value).is_some() {
                    return Err(Reason::MalformedHost);
                }
            } else if name == b":method" {
                method = method.or(Some(value));
            }
            Ok(())
        })?;
        Ok(Self {
            path: path.ok_or(Reason::MissingPath)?,
            // Every request has a method. Without one, no rule with methods matches.
            method: method.unwrap_or_default(),
            authority: authority
                .filter(|host| !host.is_empty())
                .ok_or(Reason::MissingHost)?,
        })
    }
}

const fn reason(error: RequestPathError) -> Reason {
    match error {
        RequestPathError::EscapedSlash
        | RequestPathError::Backslash
        | RequestPathError::DuplicateSlash
        | RequestPathError::Parameter
        | RequestPathError::EscapedPercent
        | RequestPathError::HiddenDotSegment => Reason::AmbiguousPath,
        RequestPathError::NoLeadingSlash
        | RequestPathError::Fragment
        | RequestPathError::BadEscape
        | RequestPathError::ControlByte
        | RequestPathError::NotUtf8 => Reason::MalformedPath,
    }
}
