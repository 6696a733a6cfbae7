//! New queries. Other parameters stay byte for byte and in order.

use std::borrow::Cow;

use crate::http::{Pair, is_unreserved, percent_encode_into, query_pairs};

/// One change to a query. Names and values are decoded text. They are encoded here, so that a value can't add a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryEdit<'a> {
    /// Removes all parameters of this name and adds one with this value at the end.
    Set(&'a [u8], &'a [u8]),
    /// Adds a parameter of this name at the end.
    Add(&'a [u8], &'a [u8]),
    /// Removes all parameters of this name.
    Remove(&'a [u8]),
    /// Removes all parameters that have none of these names, and empty pieces between two `&`.
    Keep(&'a [Box<[u8]>]),
    /// Gives all parameters of the first name the second one, and removes those that had it. They stay where they are. Without
    /// the first name nothing changes.
    Rename(&'a [u8], &'a [u8]),
}

/// The query (without its `?`) after these edits, in their order. It is borrowed where no edit changes it, and `None` where
/// nothing remains. Names compare after decoding. A removed parameter takes one `&` with it, and nothing else changes.
#[must_use]
pub fn edit_query<'q>(query: Option<&'q [u8]>, edits: &[QueryEdit<'_>]) -> Option<Cow<'q, [u8]>> {
    let mut edited = query.map(Cow::Borrowed);
    for edit in edits {
        if !matches!(edit, QueryEdit::Add(..)) {
            edited = edited.and_then(|query| without(query, edit));
        }
        if let QueryEdit::Set(name, value) | QueryEdit::Add(name, value) = *edit {
            edited = Some(add(edited, name, value));
        }
    }
    edited
}

/// The query without the parameters of these (decoded) names. It is borrowed where it has none of them, and `None` where
/// nothing remains. A removed parameter takes one `&` with it, and nothing else changes.
#[must_use]
pub fn strip_query<'q>(query: Option<&'q [u8]>, names: &[&[u8]]) -> Option<Cow<'q, [u8]>> {
    let mut stripped = query.map(Cow::Borrowed);
    for name in names {
        stripped = stripped.and_then(|query| without(query, &QueryEdit::Remove(name)));
    }
    stripped
}

/// The query without the parameters that go, or with their new name.
fn without<'q>(query: Cow<'q, [u8]>, edit: &QueryEdit<'_>) -> Option<Cow<'q, [u8]>> {
    let goes = |pair: &Pair<'_>| match *edit {
        QueryEdit::Set(name, _)
        | QueryEdit::Add(name, _)
        | QueryEdit::Remove(name)
        | QueryEdit::Rename(name, _) => pair.is_named(name),
        QueryEdit::Keep(names) => !names.iter().any(|name| pair.is_named(name)),
    };
    let keeps = matches!(edit, QueryEdit::Keep(_));
    let has_nothing = |piece: &[u8]| keeps && piece.is_empty();
    if !query_pairs(&query).any(|pair| goes(&pair)) && !query.split(is_and).any(has_nothing) {
        return Some(query);
    }
    // The pieces between the `&`, with empty ones: what remains has the original bytes.
    let mut left = Vec::with_capacity(query.len());
    let mut is_first = true;
    for piece in query.split(is_and) {
        let pair = query_pairs(piece).next();
        let new = match (*edit, pair) {
            (QueryEdit::Rename(_, to), Some(pair)) if goes(&pair) => Some((to, pair.name.len())),
            (QueryEdit::Rename(_, to), Some(pair)) if pair.is_named(to) => continue,
            (_, Some(pair)) if goes(&pair) => continue,
            (_, None) if keeps => continue,
            _ => None,
        };
        if !is_first {
            left.push(b'&');
        }
        is_first = false;
        let (name, after) = new.unwrap_or_default();
        percent_encode_into(&mut left, name, is_unreserved);
        left.extend_from_slice(piece.get(after..).unwrap_or_default());
    }
    (!left.is_empty()).then_some(Cow::Owned(left))
}

const fn is_and(byte: &u8) -> bool {
    *byte == b'&'
}

fn add<'q>(query: Option<Cow<'q, [u8]>>, name: &[u8], value: &[u8]) -> Cow<'q, [u8]> {
    let mut query = query.unwrap_or_default().into_owned();
    if !query.is_empty() && !query.ends_with(b"&") {
        query.push(b'&');
    }
    percent_encode_into(&mut query, name, is_unreserved);
    query.push(b'=');
    percent_encode_into(&mut query, value, is_unreserved);
    Cow::Owned(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(query: Option<Cow<'_, [u8]>>) -> Option<String> {
        query.map(|query| String::from_utf8(query.into_owned()).unwrap())
    }

    #[test]
    fn edits_parameters() {
        use QueryEdit::{Add, Remove, Set};
        for (query, edits, expected) in [
            (None, &[][..], None),
            (Some(""), &[], Some("")),
            (Some("a=%2f&&b"), &[Remove(b"c")], Some("a=%2f&&b")),
            (
                Some("a=%2f&&b&&%61=1&c=+"),
                &[Remove(b"a")],
                Some("&b&&c=+"),
            ),
            (Some("a&a=&=x"), &[Remove(b"a")], Some("=x")),
            (Some("a"), &[Remove(b"a")], None),
            (Some("a&"), &[Remove(b"a")], None),
            (Some("&a&b"), &[Remove(b"a")], Some("&b")),
            (
                Some("x=1&a=K&b=%2f+&&c&d="),
                &[Remove(b"a")],
                Some("x=1&b=%2f+&&c&d="),
            ),
            (Some("&&x&a=1&&y&"), &[Set(b"a", b"2")], Some("&&x&&y&a=2")),
            (None, &[Remove(b"a")], None),
            (None, &[Set(b"a", b"1")], Some("a=1")),
            (Some(""), &[Add(b"a", b"")], Some("a=")),
            (Some("a=1&b=2&a=3"), &[Set(b"a", b"4")], Some("b=2&a=4")),
            (Some("a=1&"), &[Add(b"a", b"2")], Some("a=1&a=2")),
            (
                Some("x"),
                &[Set(b"a", b"&b=c#d?e;f %+")],
                Some("x&a=%26b%3Dc%23d%3Fe%3Bf%20%25%2B"),
            ),
            (
                Some("x"),
                &[Add(b"a b&", b"\0\xff")],
                Some("x&a%20b%26=%00%FF"),
            ),
            (
                Some("a=1"),
                &[Add(b"b", b"2"), Remove(b"a"), Remove(b"b")],
                None,
            ),
            (Some("A=1"), &[Remove(b"a")], Some("A=1")),
        ] {
            let edited = edit_query(query.map(str::as_bytes), edits);
            assert_eq!(
                text(edited),
                expected.map(str::to_owned),
                "{query:?} {edits:?}"
            );
        }
    }

    #[test]
    fn keeps_and_renames_parameters() {
        use QueryEdit::{Keep, Rename};
        let names: [Box<[u8]>; 2] = [b"a"[..].into(), b"b c"[..].into()];
        let keep = Keep(&names);
        let rename = Rename(b"a", b"b&");
        for (query, edit, expected) in [
            (None, keep, None),
            (Some(""), keep, None),
            (Some("a=1&b+c&%61"), keep, Some("a=1&b+c&%61")),
            (Some("x&a=1&&d=&b%20c=;"), keep, Some("a=1&b%20c=;")),
            (Some("x&&y"), keep, None),
            (Some("a=1&&"), keep, Some("a=1")),
            (Some("a=1"), Keep(&[]), None),
            (None, rename, None),
            (Some("b&b%26=1"), rename, Some("b&b%26=1")),
            (
                Some("x&a=%2f+&&b%26=1&%61&b"),
                rename,
                Some("x&b%26=%2f+&&b%26&b"),
            ),
            (Some("a"), rename, Some("b%26")),
            (Some("a=a=a"), rename, Some("b%26=a=a")),
        ] {
            let edited = edit_query(query.map(str::as_bytes), &[edit]);
            assert_eq!(
                text(edited),
                expected.map(str::to_owned),
                "{query:?} {edit:?}"
            );
        }
    }

    #[test]
    fn strips_parameters() {
        let names = [&b"key"[..], b"api key"];
        for (query, expected) in [
            (None, None),
            (Some("a=1&b"), Some("a=1&b")),
            (
                Some("key=1&a=%6b&api+key&%6Bey=2&api%20key=3"),
                Some("a=%6b"),
            ),
            (Some("key"), None),
        ] {
            let stripped = strip_query(query.map(str::as_bytes), &names);
            assert_eq!(text(stripped), expected.map(str::to_owned), "{query:?}");
        }
        assert!(matches!(
            strip_query(Some(b"a"), &names),
            Some(Cow::Borrowed(_))
        ));
    }
}
