//! The locations of credentials in a request.

use std::borrow::Cow;
use std::fmt;

use crate::http::{Headers, KnownName, Text, cookies, members, query_pairs};

use super::prefix::Prefix;

/// One location in a request that may hold a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// A header's whole value, or the part after a prefix (`Bearer `).
    Header {
        /// The header's name, lower case.
        name: KnownName,
        /// The text before the credential. A field without it belongs to another scheme and has no credential.
        prefix: Option<Prefix>,
    },
    /// A member of a list of tokens in a header. The credential follows the prefix in the member that begins with it.
    Member {
        /// The header's name, lower case.
        name: KnownName,
        /// The text at the start of the member. Case is ignored.
        prefix: Text,
    },
    /// A query parameter, by its decoded name.
    Query(Text),
    /// A cookie.
    Cookie(Text),
}

impl Location {
    /// The header that only this location uses. None for a query parameter, and for a cookie: its header has other cookies too.
    #[must_use]
    pub const fn header(&self) -> Option<&KnownName> {
        match self {
            Self::Header { name, .. } | Self::Member { name, .. } => Some(name),
            Self::Query(_) | Self::Cookie(_) => None,
        }
    }

    /// Whether both read the same bytes of a request.
    #[must_use]
    pub fn overlaps(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Header { name: left, .. }, Self::Header { name: right, .. }) => left == right,
            (Self::Query(left), Self::Query(right)) | (Self::Cookie(left), Self::Cookie(right)) => {
                left == right
            }
            (
                Self::Member { name, prefix },
                Self::Member {
                    name: other,
                    prefix: another,
                },
            ) => name == other && (begins(prefix, another) || begins(another, prefix)),
            (Self::Header { .. } | Self::Member { .. } | Self::Query(_) | Self::Cookie(_), _) => {
                false
            }
        }
    }
}

/// Where a credential was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Occurrence<'p> {
    /// The location.
    pub location: &'p Location,
    /// Whether it is known that no other header field has this name, or a name that an upstream may read as this one.
    pub is_alone: bool,
}

/// The credentials of a request at the locations of one provider. `Debug` shows no credential.
#[derive(PartialEq, Eq)]
pub(crate) enum Extracted<'r, 'p> {
    /// No credential.
    Absent,
    /// One credential, at this location. It may be empty: an empty credential belongs to no consumer.
    One(Cow<'r, [u8]>, Occurrence<'p>),
    /// Several credentials, at one location or at several. The upstream and the gate may choose different ones. Holds every
    /// location that has one.
    Repeated(Vec<&'p Location>),
}

impl fmt::Debug for Extracted<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::One(_, at) => f.debug_tuple("One").field(at.location).finish(),
            Self::Repeated(locations) => f.debug_tuple("Repeated").field(locations).finish(),
        }
    }
}

/// Reads the credential at `locations`. `query` is the request's, without the `?`.
#[must_use]
pub(crate) fn extract<'r, 'p>(
    locations: &'p [Location],
    headers: &Headers<'r>,
    query: Option<&'r [u8]>,
) -> Extracted<'r, 'p> {
    let mut found = Extracted::Absent;
    for location in locations {
        match location {
            Location::Header { name, prefix } => {
                found = in_header(name, prefix.as_ref(), headers, location, found);
            }
            Location::Member { name, prefix } => {
                found = in_members(name, prefix, headers, location, found);
            }
            Location::Query(name) => {
                found = in_query(name, query, location, found);
            }
            Location::Cookie(name) => found = in_cookies(name, headers, location, found),
        }
    }
    found
}

#[inline(never)]
fn in_query<'r, 'p>(
    name: &Text,
    query: Option<&'r [u8]>,
    location: &'p Location,
    mut found: Extracted<'r, 'p>,
) -> Extracted<'r, 'p> {
    for pair in query_pairs(query.unwrap_or_default()).filter(|pair| pair.is_named(name)) {
        found = found.and(pair.decoded_value(), Occurrence::among(location));
    }
    found
}

#[inline(never)]
fn in_members<'r, 'p>(
    name: &KnownName,
    prefix: &Text,
    headers: &Headers<'r>,
    location: &'p Location,
    mut found: Extracted<'r, 'p>,
) -> Extracted<'r, 'p> {
    for list in headers.all(name) {
        for member in members(list) {
            if begins(member, prefix) {
                let value = member.get(prefix.len()..).unwrap_or_default();
                found = found.and(Cow::Borrowed(value), Occurrence::among(location));
            }
        }
    }
    found
}

#[inline(never)]
fn in_cookies<'r, 'p>(
    name: &Text,
    headers: &Headers<'r>,
    location: &'p Location,
    mut found: Extracted<'r, 'p>,
) -> Extracted<'r, 'p> {
    let all = headers.all(b"cookie").flat_map(cookies);
    for (_, value) in all.filter(|(key, _)| *key == &**name) {
        found = found.and(Cow::Borrowed(value), Occurrence::among(location));
    }
    found
}

/// A header with a credential must be the only one with its name. Another one counts as a second credential, even if it belongs
/// to another scheme, because an upstream may read it.
fn in_header<'r, 'p>(
    name: &KnownName,
    prefix: Option<&Prefix>,
    headers: &Headers<'r>,
    location: &'p Location,
    found: Extracted<'r, 'p>,
) -> Extracted<'r, 'p> {
    let came = headers.look(name);
    match came.first.filter(|_| came.values == 1) {
        Some(only) => match after_prefix(only, prefix) {
            Some(value) => {
                let is_alone = !came.is_spelt_otherwise;
                found.and(Cow::Borrowed(value), Occurrence { location, is_alone })
            }
            None => found,
        },
        None if came.values == 0 => found,
        None => in_fields(name, prefix, headers, location, found),
    }
}

/// The same as [`in_header`] for several header fields with that name.
#[inline(never)]
fn in_fields<'r, 'p>(
    name: &KnownName,
    prefix: Option<&Prefix>,
    headers: &Headers<'r>,
    location: &'p Location,
    mut found: Extracted<'r, 'p>,
) -> Extracted<'r, 'p> {
    let mut credentials = 0_usize;
    for value in headers.all(name) {
        if let Some(value) = after_prefix(value, prefix) {
            credentials = credentials.saturating_add(1);
            found = found.and(Cow::Borrowed(value), Occurrence::among(location));
        }
    }
    if credentials == 1 {
        found = found.and(Cow::Borrowed(b""), Occurrence::among(location));
    }
    found
}

impl<'p> Occurrence<'p> {
    /// An occurrence that may not be the only one.
    const fn among(location: &'p Location) -> Self {
        Self {
            location,
            is_alone: false,
        }
    }
}

impl<'r, 'p> Extracted<'r, 'p> {
    fn and(self, credential: Cow<'r, [u8]>, at: Occurrence<'p>) -> Self {
        match self {
            Self::Absent => Self::One(credential, at),
            one @ (Self::One(..) | Self::Repeated(_)) => one.again(at.location),
        }
    }

    #[cold]
    #[inline(never)]
    fn again(self, location: &'p Location) -> Self {
        Self::Repeated(match self {
            Self::Absent => vec![location],
            Self::One(_, first) => vec![first.location, location],
            Self::Repeated(mut locations) => {
                locations.push(location);
                locations
            }
        })
    }
}

/// Whether a member of a list begins with `prefix`. Case is ignored.
#[must_use]
pub(crate) fn begins(member: &[u8], prefix: &[u8]) -> bool {
    let start = member.get(..prefix.len());
    start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
}

fn after_prefix<'v>(value: &'v [u8], prefix: Option<&Prefix>) -> Option<&'v [u8]> {
    match prefix {
        Some(prefix) => prefix.credential(value),
        None => Some(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn locations() -> Vec<Location> {
        vec![
            Location::Header {
                name: "x-api-key".into(),
                prefix: None,
            },
            Location::Header {
                name: "authorization".into(),
                prefix: Prefix::new(b"Bearer "),
            },
            Location::Query("apikey".into()),
            Location::Cookie("apikey".into()),
        ]
    }

    fn reads(pairs: &[(&str, &str)], query: &str) -> String {
        let map = HeaderMap::from_pairs(pairs);
        let locations = locations();
        match extract(&locations, &map.view(), Some(query.as_bytes())) {
            Extracted::Absent => "absent".into(),
            Extracted::One(key, _) => String::from_utf8(key.into_owned()).unwrap(),
            Extracted::Repeated(locations) => format!("{} times", locations.len()),
        }
    }

    #[test]
    fn extracts_one_credential_from_each_location() {
        assert_eq!(reads(&[], ""), "absent");
        assert_eq!(reads(&[("x-api-key", "k")], ""), "k");
        assert_eq!(reads(&[("authorization", "bearer k")], ""), "k");
        assert_eq!(reads(&[("authorization", "Basic k")], ""), "absent");
        assert_eq!(reads(&[], "a=1&api%6Bey=k%20y"), "k y");
        assert_eq!(reads(&[("cookie", "a=1; apikey=k")], ""), "k");
        assert_eq!(reads(&[("x-api-key", "")], ""), "");
    }

    #[test]
    fn reports_a_header_that_is_alone() {
        let locations = locations();
        for (pairs, query, is_alone) in [
            (&[("x-api-key", "k")][..], "", true),
            (&[("X-Api-Key", "k"), ("a", "b")], "", true),
            (&[("authorization", "Bearer k")], "", true),
            (&[("x-api-key", "k"), ("x_api_key", "k")], "", false),
            (&[("x_api_key", "j"), ("x-api-key", "k")], "", false),
            (
                &[("authorization", "Basic j"), ("authorization", "Bearer k")],
                "",
                false,
            ),
            (&[("cookie", "apikey=k")], "", false),
            (&[], "apikey=k", false),
        ] {
            let map = HeaderMap::from_pairs(pairs);
            match extract(&locations, &map.view(), Some(query.as_bytes())) {
                Extracted::One(_, at) => assert_eq!(at.is_alone, is_alone, "{pairs:?} {query}"),
                Extracted::Repeated(_) => assert!(!is_alone, "{pairs:?}"),
                Extracted::Absent => panic!("{pairs:?} {query}"),
            }
        }
    }

    fn member(prefix: &'static str) -> Location {
        Location::Member {
            name: "x-list".into(),
            prefix: prefix.into(),
        }
    }

    #[test]
    fn extracts_a_member_of_a_list() {
        let locations = [member("key.")];
        for (values, expected) in [
            (&["key.K"][..], Some("K")),
            (&[" b ,KEY.K\t, a"], Some("K")),
            (&["a", "b,key.k.K"], Some("k.K")),
            (&["key."], Some("")),
            (&["key. K"], Some(" K")),
            (&["key", "akey.K", "", ","], None),
        ] {
            let pairs: Vec<_> = values.iter().map(|value| ("X-List", *value)).collect();
            let map = HeaderMap::from_pairs(&pairs);
            match (extract(&locations, &map.view(), None), expected) {
                (Extracted::One(key, at), Some(expected)) => {
                    assert_eq!(*key, *expected.as_bytes(), "{values:?}");
                    assert!(!at.is_alone, "the list may have other members");
                }
                (found, expected) => assert!(
                    expected.is_none() && found == Extracted::Absent,
                    "{values:?}: {found:?}"
                ),
            }
        }
        for values in [&["key.a,key.a"][..], &["key.a", "key.b"]] {
            let pairs: Vec<_> = values.iter().map(|value| ("x-list", *value)).collect();
            let map = HeaderMap::from_pairs(&pairs);
            let found = extract(&locations, &map.view(), None);
            assert!(matches!(found, Extracted::Repeated(_)), "{values:?}");
        }
    }

    #[test]
    fn members_overlap_if_one_prefix_begins_with_the_other() {
        for (left, right, expected) in [
            ("key.", "key.", true),
            ("key.", "KEY.a", true),
            ("key.a", "key.", true),
            ("key.", "tok.", false),
        ] {
            assert_eq!(
                member(left).overlaps(&member(right)),
                expected,
                "{left} {right}"
            );
        }
        let whole = Location::Header {
            name: "x-list".into(),
            prefix: None,
        };
        assert!(!whole.overlaps(&member("key.")));
    }

    #[test]
    fn reports_repeated_credentials() {
        assert_eq!(
            reads(&[("x-api-key", "k"), ("x-api-key", "k")], ""),
            "2 times"
        );
        assert_eq!(reads(&[("x-api-key", "k")], "apikey=k"), "2 times");
        assert_eq!(
            reads(
                &[("cookie", "apikey=a;apikey=b"), ("cookie", "apikey=c")],
                ""
            ),
            "3 times"
        );
        for other in ["Basic k", "", "k"] {
            let fields = [("authorization", other), ("authorization", "Bearer k")];
            assert_eq!(reads(&fields, ""), "2 times", "{other}");
        }
        assert_eq!(reads(&[("x_api_key", "k")], ""), "absent");
    }
}
