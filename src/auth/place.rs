//! Where a credential may stand in a request.

use std::borrow::Cow;
use std::fmt;

use crate::http::{Headers, KnownName, Text, cookies, members, query_pairs};

use super::prefix::Prefix;

/// One place in a request that may hold a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A header's whole value, or what follows a prefix (`Bearer `).
    Header {
        /// The header's name, lower case.
        name: KnownName,
        /// What stands before the credential. A field without it is another scheme's: absent.
        prefix: Option<Prefix>,
    },
    /// A member of a list of tokens in a header: what follows the prefix in the member that begins with it.
    Member {
        /// The header's name, lower case.
        name: KnownName,
        /// How the member begins, in any case.
        prefix: Text,
    },
    /// A query parameter, by its decoded name.
    Query(Text),
    /// A cookie.
    Cookie(Text),
}

impl Place {
    /// The header that holds the place. None for a cookie, which is a part of a header that holds others too.
    #[must_use]
    pub const fn header(&self) -> Option<&KnownName> {
        match self {
            Self::Header { name, .. } | Self::Member { name, .. } => Some(name),
            Self::Query(_) | Self::Cookie(_) => None,
        }
    }

    /// Whether both look at the same bytes of a request, whatever they make of them.
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
pub struct At<'p> {
    /// The place.
    pub place: &'p Place,
    /// Whether it is known to be the only header field of its name, and that none has a name that an upstream may take for
    /// it.
    pub is_alone: bool,
}

/// What a request holds at the places of one provider. `Debug` shows no credential.
#[derive(PartialEq, Eq)]
pub enum Found<'r, 'p> {
    /// Nothing.
    Absent,
    /// One credential, at this place. It may be empty: that is a credential too, and nobody's.
    One(Cow<'r, [u8]>, At<'p>),
    /// More than one, at one place or at several: which of them counts, an upstream may see differently. The places
    /// are all that hold one.
    Repeated(Vec<&'p Place>),
}

impl fmt::Debug for Found<'_, '_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::One(_, at) => f.debug_tuple("One").field(at.place).finish(),
            Self::Repeated(places) => f.debug_tuple("Repeated").field(places).finish(),
        }
    }
}

/// Reads the credential at `places`. `query` is the request's, without the `?`.
#[must_use]
pub fn read<'r, 'p>(
    places: &'p [Place],
    headers: &Headers<'r>,
    query: Option<&'r [u8]>,
) -> Found<'r, 'p> {
    let mut found = Found::Absent;
    for place in places {
        match place {
            Place::Header { name, prefix } => {
                found = in_header(name, prefix.as_ref(), headers, place, found);
            }
            Place::Member { name, prefix } => {
                found = in_members(name, prefix, headers, place, found);
            }
            Place::Query(name) => {
                found = in_query(name, query, place, found);
            }
            Place::Cookie(name) => found = in_cookies(name, headers, place, found),
        }
    }
    found
}

#[inline(never)]
fn in_query<'r, 'p>(
    name: &Text,
    query: Option<&'r [u8]>,
    place: &'p Place,
    mut found: Found<'r, 'p>,
) -> Found<'r, 'p> {
    for pair in query_pairs(query.unwrap_or_default()).filter(|pair| pair.is_named(name)) {
        found = found.and(pair.decoded_value(), At::among(place));
    }
    found
}

#[inline(never)]
fn in_members<'r, 'p>(
    name: &KnownName,
    prefix: &Text,
    headers: &Headers<'r>,
    place: &'p Place,
    mut found: Found<'r, 'p>,
) -> Found<'r, 'p> {
    for list in headers.all(name) {
        for member in members(list) {
            if begins(member, prefix) {
                let value = member.get(prefix.len()..).unwrap_or_default();
                found = found.and(Cow::Borrowed(value), At::among(place));
            }
        }
    }
    found
}

#[inline(never)]
fn in_cookies<'r, 'p>(
    name: &Text,
    headers: &Headers<'r>,
    place: &'p Place,
    mut found: Found<'r, 'p>,
) -> Found<'r, 'p> {
    let all = headers.all(b"cookie").flat_map(cookies);
    for (_, value) in all.filter(|(key, _)| *key == &**name) {
        found = found.and(Cow::Borrowed(value), At::among(place));
    }
    found
}

/// A header with a credential stands alone: one more of its name, be it of another scheme, is a second one, because an
/// upstream may read that.
fn in_header<'r, 'p>(
    name: &KnownName,
    prefix: Option<&Prefix>,
    headers: &Headers<'r>,
    place: &'p Place,
    found: Found<'r, 'p>,
) -> Found<'r, 'p> {
    let came = headers.look(name);
    match came.first.filter(|_| came.values == 1) {
        Some(only) => match after_prefix(only, prefix) {
            Some(value) => {
                let is_alone = !came.is_spelt_otherwise;
                found.and(Cow::Borrowed(value), At { place, is_alone })
            }
            None => found,
        },
        None if came.values == 0 => found,
        None => in_fields(name, prefix, headers, place, found),
    }
}

/// The same where there are several header fields of that name.
#[inline(never)]
fn in_fields<'r, 'p>(
    name: &KnownName,
    prefix: Option<&Prefix>,
    headers: &Headers<'r>,
    place: &'p Place,
    mut found: Found<'r, 'p>,
) -> Found<'r, 'p> {
    let mut credentials = 0_usize;
    for value in headers.all(name) {
        if let Some(value) = after_prefix(value, prefix) {
            credentials = credentials.saturating_add(1);
            found = found.and(Cow::Borrowed(value), At::among(place));
        }
    }
    if credentials == 1 {
        found = found.and(Cow::Borrowed(b""), At::among(place));
    }
    found
}

impl<'p> At<'p> {
    /// Of a place of which it isn't known what else there is.
    const fn among(place: &'p Place) -> Self {
        Self {
            place,
            is_alone: false,
        }
    }
}

impl<'r, 'p> Found<'r, 'p> {
    fn and(self, credential: Cow<'r, [u8]>, at: At<'p>) -> Self {
        match self {
            Self::Absent => Self::One(credential, at),
            one @ (Self::One(..) | Self::Repeated(_)) => one.again(at.place),
        }
    }

    #[cold]
    #[inline(never)]
    fn again(self, place: &'p Place) -> Self {
        Self::Repeated(match self {
            Self::Absent => vec![place],
            Self::One(_, first) => vec![first.place, place],
            Self::Repeated(mut places) => {
                places.push(place);
                places
            }
        })
    }
}

/// Whether a member of a list begins with `prefix`, in any case.
#[must_use]
pub fn begins(member: &[u8], prefix: &[u8]) -> bool {
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

    fn places() -> Vec<Place> {
        vec![
            Place::Header {
                name: "x-api-key".into(),
                prefix: None,
            },
            Place::Header {
                name: "authorization".into(),
                prefix: Prefix::new(b"Bearer "),
            },
            Place::Query("apikey".into()),
            Place::Cookie("apikey".into()),
        ]
    }

    fn reads(pairs: &[(&str, &str)], query: &str) -> String {
        let map = HeaderMap::from_pairs(pairs);
        let places = places();
        match read(&places, &map.view(), Some(query.as_bytes())) {
            Found::Absent => "absent".into(),
            Found::One(key, _) => String::from_utf8(key.into_owned()).unwrap(),
            Found::Repeated(places) => format!("{} times", places.len()),
        }
    }

    #[test]
    fn one_credential_wherever_it_stands() {
        assert_eq!(reads(&[], ""), "absent");
        assert_eq!(reads(&[("x-api-key", "k")], ""), "k");
        assert_eq!(reads(&[("authorization", "bearer k")], ""), "k");
        assert_eq!(reads(&[("authorization", "Basic k")], ""), "absent");
        assert_eq!(reads(&[], "a=1&api%6Bey=k%20y"), "k y");
        assert_eq!(reads(&[("cookie", "a=1; apikey=k")], ""), "k");
        assert_eq!(reads(&[("x-api-key", "")], ""), "");
    }

    #[test]
    fn what_stands_alone_is_told() {
        let places = places();
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
            match read(&places, &map.view(), Some(query.as_bytes())) {
                Found::One(_, at) => assert_eq!(at.is_alone, is_alone, "{pairs:?} {query}"),
                Found::Repeated(_) => assert!(!is_alone, "{pairs:?}"),
                Found::Absent => panic!("{pairs:?} {query}"),
            }
        }
    }

    fn member(prefix: &'static str) -> Place {
        Place::Member {
            name: "x-list".into(),
            prefix: prefix.into(),
        }
    }

    #[test]
    fn a_member_of_a_list() {
        let places = [member("key.")];
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
            match (read(&places, &map.view(), None), expected) {
                (Found::One(key, at), Some(expected)) => {
                    assert_eq!(*key, *expected.as_bytes(), "{values:?}");
                    assert!(!at.is_alone, "other members stand beside it");
                }
                (found, expected) => assert!(
                    expected.is_none() && found == Found::Absent,
                    "{values:?}: {found:?}"
                ),
            }
        }
        for values in [&["key.a,key.a"][..], &["key.a", "key.b"]] {
            let pairs: Vec<_> = values.iter().map(|value| ("x-list", *value)).collect();
            let map = HeaderMap::from_pairs(&pairs);
            let found = read(&places, &map.view(), None);
            assert!(matches!(found, Found::Repeated(_)), "{values:?}");
        }
    }

    #[test]
    fn members_overlap_where_both_prefixes_may_begin_one() {
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
        let whole = Place::Header {
            name: "x-list".into(),
            prefix: None,
        };
        assert!(!whole.overlaps(&member("key.")));
    }

    #[test]
    fn twice_is_seen() {
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
