//! New cookies of a request. Other cookies stay byte for byte and in order.

/// Whether a value can be a cookie's (RFC 6265 §4.1.1): it has no control byte, blank, `"`, `,`, `;` or `\`, and is ASCII.
#[must_use]
pub fn is_cookie_value(value: &[u8]) -> bool {
    let fits = |byte: &u8| byte.is_ascii_graphic() && !b"\",;\\".contains(byte);
    value.iter().all(fits)
}

/// The cookies of a request, in one field. Names are case-sensitive. A piece without `=` has its text as its name.
#[derive(Clone, Debug, Default)]
pub struct CookieField {
    text: Vec<u8>,
    is_changed: bool,
}

impl CookieField {
    /// Adds the cookies of a field of the request. All fields are joined (RFC 6265 §5.4), because servers may read only the
    /// first one.
    pub fn read(&mut self, field: &[u8]) {
        for piece in pieces(field) {
            self.push(&[piece]);
        }
    }

    /// Removes all cookies of this name.
    pub fn remove(&mut self, name: &[u8]) {
        if !pieces(&self.text).any(|piece| name_of(piece) == name) {
            return;
        }
        let before = std::mem::take(&mut self.text);
        for piece in pieces(&before).filter(|piece| name_of(piece) != name) {
            self.push(&[piece]);
        }
        self.is_changed = true;
    }

    /// Removes all cookies of this name and adds one with this value at the end. The value has to be a cookie's: see
    /// [`is_cookie_value`].
    pub fn set(&mut self, name: &[u8], value: &[u8]) {
        if !self.has_only(name, value) {
            self.remove(name);
            self.push(&[name, b"=", value]);
            self.is_changed = true;
        }
    }

    /// Whether the only cookie of this name has this value.
    fn has_only(&self, name: &[u8], value: &[u8]) -> bool {
        let mut own = pieces(&self.text).filter(|piece| name_of(piece) == name);
        let found = own.next().and_then(|piece| piece.strip_prefix(name));
        let found = found.and_then(|rest| rest.strip_prefix(b"="));
        found == Some(value) && own.next().is_none()
    }

    /// The field, empty where no cookie is left; `None` where nothing was changed.
    #[must_use]
    pub fn edited(self) -> Option<Vec<u8>> {
        self.is_changed.then_some(self.text)
    }

    fn push(&mut self, parts: &[&[u8]]) {
        if !self.text.is_empty() {
            self.text.extend_from_slice(b"; ");
        }
        for part in parts {
            self.text.extend_from_slice(part);
        }
    }
}

/// The pieces between two `;`, without blanks around them. Empty ones are skipped.
fn pieces(field: &[u8]) -> impl Iterator<Item = &[u8]> {
    let pieces = field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    pieces.filter(|piece| !piece.is_empty())
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

    /// The edits: a name to remove, or a name with a value to set.
    fn edited(fields: &[&str], edits: &[&str]) -> Option<String> {
        let mut cookies = CookieField::default();
        for field in fields {
            cookies.read(field.as_bytes());
        }
        for edit in edits {
            match edit.split_once('=') {
                Some((name, value)) => cookies.set(name.as_bytes(), value.as_bytes()),
                None => cookies.remove(edit.as_bytes()),
            }
        }
        let edited = cookies.edited();
        edited.map(|edited| String::from_utf8(edited).unwrap())
    }

    #[test]
    fn edits_cookies() {
        for (fields, edits, expected) in [
            (&[][..], &["a"][..], None),
            (&[], &["a=1"], Some("a=1")),
            (&["a=1"], &[], None),
            (&["a=1"], &["a"], Some("")),
            (&["a=1;b=2"], &["c"], None),
            (&["a=1;b=2"], &["b=2"], None),
            (&["b=2; b=2"], &["b=2"], Some("b=2")),
            (&["b =2"], &["b=2"], Some("b=2")),
            (
                &["A=1;a=\"x y\";; junk ;b = 2;a=", "c==;a"],
                &["b"],
                Some("A=1; a=\"x y\"; junk; a=; c==; a"),
            ),
            (
                &["A=1; a=2; b=3; a", "a =4; a.b=5"],
                &["a"],
                Some("A=1; b=3; a.b=5"),
            ),
            (&["a=1; b=2"], &["a==3"], Some("b=2; a==3")),
            (&["a=1"], &["b=2", "a", "b="], Some("b=")),
        ] {
            assert_eq!(
                edited(fields, edits).as_deref(),
                expected,
                "{fields:?} {edits:?}"
            );
        }
    }
}
