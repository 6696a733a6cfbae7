//! New cookies of a request. Other cookies stay byte for byte and in order.

use std::borrow::Cow;

/// One change to the cookies of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CookieEdit<'a> {
    /// Removes all cookies of this name and adds one with this value at the end.
    Set(&'a [u8], &'a [u8]),
    /// Removes all cookies of this name.
    Remove(&'a [u8]),
}

/// Whether a value can be a cookie's (RFC 6265 §4.1.1): it has no control byte, blank, `"`, `,`, `;` or `\`, and is ASCII.
#[must_use]
pub fn is_cookie_value(value: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"\",;\\".contains(byte);
    value.iter().all(fits)
}

/// The one field of cookies that replaces `fields`, after these edits in their order; empty where no cookie is left, `None`
/// where nothing changes. Names are case-sensitive. A piece without `=` is removed by its text. The cookies of all fields are
/// joined by `; ` (RFC 6265 §5.4), because servers may read only the first field.
///
/// A value that isn't a cookie's must not come here: see [`is_cookie_value`].
#[must_use]
pub fn edit_cookies(fields: &[&[u8]], edits: &[CookieEdit<'_>]) -> Option<Vec<u8>> {
    let pieces = fields
        .iter()
        .flat_map(|field| field.split(|byte| *byte == b';'));
    let pieces = pieces
        .map(<[u8]>::trim_ascii)
        .filter(|piece| !piece.is_empty());
    let mut pieces: Vec<Cow<'_, [u8]>> = pieces.map(Cow::Borrowed).collect();
    let mut changes = false;
    for edit in edits {
        let (name, new) = match *edit {
            CookieEdit::Set(name, value) => (name, Some([name, b"=", value].concat())),
            CookieEdit::Remove(name) => (name, None),
        };
        let mut own = pieces.iter().filter(|piece| name_of(piece) == name);
        let is_same = match (own.next(), own.next(), &new) {
            (Some(only), None, Some(new)) => **only == **new,
            (first, _, new) => first.is_none() && new.is_none(),
        };
        if !is_same {
            changes = true;
            pieces.retain(|piece| name_of(piece) != name);
            pieces.extend(new.map(Cow::Owned));
        }
    }
    changes.then(|| pieces.join(&b"; "[..]))
}

/// The name of a cookie, or the text of a piece without `=`.
fn name_of(piece: &[u8]) -> &[u8] {
    let end = piece.iter().position(|byte| *byte == b'=');
    let name = end.and_then(|end| piece.get(..end)).unwrap_or(piece);
    name.trim_ascii()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_cookies() {
        for good in ["", "a", "!#$%&'()*+-./09:<=>?@AZ[]^_`az{|}~"] {
            assert!(is_cookie_value(good.as_bytes()), "{good}");
        }
        for bad in [
            "a b", "a;b", "a,b", "\"a\"", "a\\", "a\r\n", "\0", "\x7f", "é", "\t",
        ] {
            assert!(!is_cookie_value(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn edits_cookies() {
        use CookieEdit::{Remove, Set};
        for (fields, edits, expected) in [
            (&[][..], &[Remove(b"a")][..], None),
            (&[], &[Set(b"a", b"1")], Some("a=1")),
            (&["a=1"], &[], None),
            (&["a=1"], &[Remove(b"a")], Some("")),
            (&["a=1;b=2"], &[Remove(b"c")], None),
            (&["a=1;b=2"], &[Set(b"b", b"2")], None),
            (&["b=2; b=2"], &[Set(b"b", b"2")], Some("b=2")),
            (&["b =2"], &[Set(b"b", b"2")], Some("b=2")),
            (
                &["A=1;a=\"x y\";; junk ;b = 2;a=", "c==;a"],
                &[Remove(b"b")],
                Some("A=1; a=\"x y\"; junk; a=; c==; a"),
            ),
            (
                &["A=1; a=2; b=3; a", "a =4; a.b=5"],
                &[Remove(b"a")],
                Some("A=1; b=3; a.b=5"),
            ),
            (&["a=1; b=2"], &[Set(b"a", b"=3")], Some("b=2; a==3")),
            (
                &["a=1"],
                &[Set(b"b", b"2"), Remove(b"a"), Set(b"b", b"")],
                Some("b="),
            ),
        ] {
            let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
            let edited = edit_cookies(&fields, edits);
            let edited = edited.map(|edited| String::from_utf8(edited).unwrap());
            assert_eq!(edited.as_deref(), expected, "{fields:?} {edits:?}");
        }
    }
}
