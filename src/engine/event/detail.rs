//! The details of an exchange, stage by stage.

use serde_json::Value;

use crate::auth::Location;
use crate::policy::{MatchIndex, Reason, RouteId};

/// One detail of an exchange. An exchange that waited runs all stages again, and reports all details again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Detail<'a> {
    /// A header field from the client that was removed, because the gate owns it.
    Sanitised {
        /// Its name as the client sent it.
        name: &'a [u8],
    },
    /// The host or the path has no canonical form, and the request is denied.
    Malformed {
        /// The error.
        error: &'a str,
    },
    /// The canonical host and path.
    Canonical {
        /// The host.
        host: &'a [u8],
        /// The path as an upstream would get it, without the query.
        path: &'a [u8],
        /// The path as patterns see it.
        matching: &'a [u8],
        /// The query, without its `?`.
        query: Option<&'a [u8]>,
    },
    /// A route was found. Of several routes of one match, each that is considered.
    Matched {
        /// Its name.
        route: &'a str,
        /// Which route of the policy it is.
        id: RouteId,
        /// Which of its matches it was.
        match_index: MatchIndex,
    },
    /// The match captured a part of the path.
    Captured {
        /// The capture's name.
        name: &'a str,
        /// The part, decoded.
        text: &'a [u8],
    },
    /// The verdict of a provider.
    Authenticated {
        /// The provider's name.
        provider: &'a str,
        /// Its verdict.
        verdict: VerdictDetail<'a>,
        /// Where it found credentials.
        locations: &'a [&'a Location],
    },
    /// A lookup was done, or failed.
    LookedUp {
        /// The lookup's name.
        lookup: &'a str,
        /// The source's name.
        source: &'a str,
        /// The entry's key, or the method and the path of the request for it; none where the whole document is the entry, the template
        /// has no value, or the source gets a credential of the client.
        key: Option<&'a [u8]>,
        /// Where the entry was looked for.
        origin: EntryOrigin,
        /// Whether the entry was found.
        entry: EntryStatus,
        /// The values by name: the entry's, or the policy's instead; none if the request is denied.
        values: Option<&'a [(&'a str, Option<&'a Value>)]>,
    },
    /// The `when` of a route was checked, or a part of it. The whole comes before its parts. If the whole doesn't hold, the next
    /// route of the match is considered.
    Considered {
        /// The route's name.
        route: &'a str,
        /// The depth in the whole condition, from zero.
        depth: usize,
        /// The condition as text.
        condition: &'a str,
        /// Whether it holds; `None` where that is unknown.
        holds: Option<bool>,
    },
    /// A condition was checked, or a part of one. The whole comes before its parts.
    Checked {
        /// Its depth in the whole condition, from zero.
        depth: usize,
        /// The condition as text.
        condition: &'a str,
        /// Whether it holds; `None` where that depends on a lookup that isn't done.
        holds: Option<bool>,
    },
    /// The upstream was chosen, or couldn't be chosen.
    UpstreamChosen {
        /// Its name; none if the request is denied.
        upstream: Option<&'a [u8]>,
        /// Which of several it was, from zero: the first whose condition holds.
        case: Option<usize>,
        /// The draw, if it was drawn by weights.
        draw: Option<DrawDetail<'a>>,
    },
    /// An edit of the route is made.
    Edited {
        /// The edit as text, such as `headers: rename x-old to x-new`.
        edit: &'a str,
        /// How many values it found to change; none if it writes a value of its own.
        found: Option<usize>,
    },
}

/// A draw of an upstream by weights.
#[derive(Clone, Copy, Debug)]
pub struct DrawDetail<'a> {
    /// What decides; none if each request draws anew.
    pub by: Option<&'a str>,
    /// The request's value of it; none if it has none, and draws at random.
    pub key: Option<&'a [u8]>,
    /// The weights by upstream.
    pub weights: &'a [(&'a [u8], u32)],
}

/// The verdict of a provider.
#[derive(Clone, Copy, Debug)]
pub enum VerdictDetail<'a> {
    /// It found none of its credentials.
    Absent,
    /// It found a token of another issuer, which another provider may accept.
    Foreign,
    /// It verified the credential.
    Accepted {
        /// The consumer's name; none if the sender is no consumer.
        consumer: Option<&'a [u8]>,
        /// Its groups.
        groups: &'a [&'a [u8]],
        /// The credential's public name.
        credential: Option<&'a [u8]>,
        /// The claims of the token, where it is one: a JSON object.
        claims: Option<&'a Value>,
    },
    /// The credential is not good, for this reason.
    Rejected(Reason),
    /// It can't verify the credential now, for this reason.
    Unavailable(Reason),
}

/// Where an entry was looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryOrigin {
    /// A document in the policy.
    Inline,
    /// The last good document of a watched source.
    Document,
    /// A callout for this exchange.
    Callout,
    /// The remembered answers of earlier callouts.
    Memory,
}

/// Whether an entry was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// The entry was found.
    Found,
    /// The document has no such entry.
    Missing,
    /// There is no usable document, or two items have the key.
    Failed,
}
