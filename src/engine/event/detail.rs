//! What can be told of how an exchange came to its end, stage by stage.

use serde_json::Value;

use crate::auth::Location;

/// One step of an exchange's way. An exchange that waits begins anew when it goes on, and tells everything again.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Detail<'a> {
    /// A header field of the client's that is the gate's to write, and so was removed.
    Sanitised {
        /// Its name as it came.
        name: &'a [u8],
    },
    /// The host or the path has no one spelling, and the request is denied.
    Malformed {
        /// What is wrong with it.
        error: &'a str,
    },
    /// The one spelling of host and path.
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
    /// A route was found.
    Matched {
        /// Its name.
        route: &'a str,
        /// Its place in the policy.
        place: usize,
        /// Which of its matches it was, from zero.
        matching: u32,
    },
    /// The match captured a part of the path.
    Captured {
        /// The capture's name.
        name: &'a str,
        /// The part, decoded.
        text: &'a [u8],
    },
    /// What a provider says of the request's credentials.
    Authenticated {
        /// The provider's name.
        provider: &'a str,
        /// What it says.
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
        /// The entry's key; none where the whole document is the entry, or the key's template has no value.
        key: Option<&'a [u8]>,
        /// Where the entry was looked for.
        origin: EntryOrigin,
        /// Whether it was there.
        entry: EntryStatus,
        /// The values by name: the entry's, or what stands in for them; none where the request is denied.
        values: Option<&'a [(&'a str, Option<&'a Value>)]>,
    },
    /// A condition was looked at, or what it is made of: the whole before its parts.
    Checked {
        /// How deep it stands in the whole condition, from zero.
        depth: usize,
        /// The condition, for a person to read.
        condition: &'a str,
        /// Whether it holds; `None` where that depends on a lookup that isn't done.
        holds: Option<bool>,
    },
}

/// What a provider says.
#[derive(Clone, Copy, Debug)]
pub enum VerdictDetail<'a> {
    /// It found none of its credentials.
    Absent,
    /// It knows whose the credential is.
    Accepted {
        /// The consumer's name; none where it is no consumer's.
        consumer: Option<&'a [u8]>,
        /// Its groups.
        groups: &'a [&'a [u8]],
        /// The credential's public name.
        credential: Option<&'a [u8]>,
    },
    /// The credential is no good, for this reason.
    Rejected(&'static str),
    /// Whose the credential is can't be known now.
    Unavailable,
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
    /// What was remembered of callouts before.
    Memory,
}

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryStatus {
    /// It is there.
    Found,
    /// A good document has no such entry.
    Missing,
    /// There is no usable document, or its entry is claimed by two.
    Failed,
}
