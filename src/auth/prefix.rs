//! The text before a credential in a header field.

use crate::http::{is_token, is_token_byte};

/// The text before a credential in a header field, such as `Bearer `.
///
/// A field belongs to the scheme if it begins with the first word of the prefix. Case is ignored, and any byte may follow the
/// word: servers accept different bytes as the blank (`Bearer<TAB>K`), and a field that one of them reads as this scheme must not
/// pass unverified. A prefix without a blank (`key-`) is not a word: each field that begins with it belongs to the scheme.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prefix {
    word: Box<[u8]>,
    /// The rest after the first word, without blanks around it. Empty in most policies.
    rest: Box<[u8]>,
    /// Whether the word in a field must end where the prefix's word ends.
    is_whole_word: bool,
}

impl Prefix {
    /// The prefix. `None` if `text` is empty or blank.
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii_start();
        let blank = text.iter().position(u8::is_ascii_whitespace);
        let (word, rest) = text.split_at_checked(blank.unwrap_or(text.len()))?;
        // Any byte may follow a word like `key=`.
        let is_whole_word = blank.is_some() && word.last().copied().is_some_and(is_token_byte);
        (!word.is_empty()).then(|| Self {
            word: word.into(),
            rest: rest.trim_ascii().into(),
            is_whole_word,
        })
    }

    /// The name of the scheme (RFC 9110 §11.1): the first word, if a blank follows it.
    #[must_use]
    pub fn scheme(&self) -> Option<&[u8]> {
        (self.is_whole_word && is_token(&self.word)).then_some(&*self.word)
    }

    /// The credential in a field with this value, without blanks around it. `None` if the field belongs to another scheme. Empty if
    /// it belongs to this scheme and has no credential.
    ///
    /// Envoy joins several fields `authorization` into one (`Basic x,Bearer y`; tried on 1.40). If one of them
    /// that is not the first belongs to this scheme, the joined field belongs to it too. Its credential can't be separated from
    /// the rest.
    #[must_use]
    pub fn credential<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        match self.behind_word(value) {
            Some(behind) => {
                let credential = strip(behind.trim_ascii_start(), &self.rest);
                Some(credential.unwrap_or_default().trim_ascii())
            }
            None => {
                let mut others = value.split(|byte| *byte == b',').skip(1);
                others
                    .any(|other| self.behind_word(other).is_some())
                    .then_some(b"")
            }
        }
    }

    /// The rest of the field after the first word, if that is the prefix's. Some servers read other bytes before the word as
    /// blanks, such as 0xA0. Then the credential can't be separated.
    fn behind_word<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let is_start = |byte: &u8| byte.is_ascii_graphic();
        let start = value.iter().position(is_start).unwrap_or(value.len());
        let (before, value) = value.split_at_checked(start)?;
        let behind = strip(value, &self.word)?;
        let goes_on = behind.first().copied().is_some_and(is_token_byte);
        let is_meant = !self.is_whole_word || !goes_on;
        let is_plain = before.iter().all(u8::is_ascii_whitespace);
        is_meant.then_some(if is_plain { behind } else { b"" })
    }
}

/// The rest after `start`. Case is ignored.
fn strip<'v>(value: &'v [u8], start: &[u8]) -> Option<&'v [u8]> {
    let (begin, behind) = value.split_at_checked(start.len())?;
    begin.eq_ignore_ascii_case(start).then_some(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_fields_of_its_scheme() {
        for (prefix, value, credential) in [
            ("Bearer ", "Bearer K", Some("K")),
            ("Bearer ", "bEARER   K ", Some("K")),
            ("Bearer ", "Bearer\tK", Some("K")),
            ("Bearer ", " \tBearer K", Some("K")),
            ("Bearer ", "Bearer", Some("")),
            ("Bearer ", "Bearer ", Some("")),
            ("Bearer ", "Bearer,K", Some(",K")),
            ("Bearer ", "Bearer\u{b}K", Some("\u{b}K")),
            ("Bearer ", "Bearer\u{a0}K", Some("\u{a0}K")),
            ("Bearer ", "Bearer K,Basic L", Some("K,Basic L")),
            ("Bearer ", "Basic L, bearer K", Some("")),
            ("Bearer ", "Digest a=\"b\", realm=Bearer", None),
            ("Bearer ", "\u{a0}Bearer K", Some("")),
            ("Bearer ", "\u{b}bearer K", Some("")),
            ("Bearer ", "Basic L,\u{a0}Bearer K", Some("")),
            ("Bearer ", "BearerK", None),
            ("Bearer ", "Basic K", None),
            ("Bearer ", "Bear", None),
            ("Bearer ", "", None),
            ("Token token=", "Token  token=K", Some("K")),
            ("Token token=", "token other=K", Some("")),
            ("Token token=", "Tokens token=K", None),
            ("key: ", "Key:K", Some("K")),
            ("key-", "KEY-K", Some("K")),
            ("key-", "key", None),
        ] {
            let prefix = Prefix::new(prefix.as_bytes()).unwrap();
            let got = prefix.credential(value.as_bytes());
            assert_eq!(got, credential.map(str::as_bytes), "{prefix:?} {value:?}");
        }
        assert_eq!(Prefix::new(b""), None);
        assert_eq!(Prefix::new(b" \t"), None);
    }

    #[test]
    fn schemes() {
        for (prefix, scheme) in [
            ("Bearer ", Some("Bearer")),
            (" Token token=", Some("Token")),
            ("Bearer", None),
            ("key-", None),
            ("key: ", None),
            ("clé ", None),
        ] {
            let prefix = Prefix::new(prefix.as_bytes()).unwrap();
            assert_eq!(prefix.scheme(), scheme.map(str::as_bytes), "{prefix:?}");
        }
    }
}
