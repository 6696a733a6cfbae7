//! A query's parameters, read in place.

use std::borrow::Cow;

use super::percent_decode;

/// One parameter of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair<'a> {
    /// The original bytes between two `&`.
    pub raw: &'a [u8],
    /// The name, not decoded.
    pub name: &'a [u8],
    /// The value, not decoded; empty where there is no `=`.
    pub value: &'a [u8],
}

impl<'a> Pair<'a> {
    /// Whether the decoded name is `name`. A `+` is a blank, as in form decoders.
    #[must_use]
    pub fn is_named(&self, name: &[u8]) -> bool {
        self.name == name || *decode(self.name) == *name
    }

    /// The decoded value.
    #[must_use]
    pub fn decoded_value(&self) -> Cow<'a, [u8]> {
        decode(self.value)
    }
}

fn decode(text: &[u8]) -> Cow<'_, [u8]> {
    if !text.contains(&b'+') {
        return percent_decode(text);
    }
    let blanks: Vec<u8> = text
        .iter()
        .map(|&byte| if byte == b'+' { b' ' } else { byte })
        .collect();
    Cow::Owned(percent_decode(&blanks).into_owned())
}

/// The parameters of a query (without its `?`), in order. Empty pieces (`a&&b`) are skipped.
pub fn query_pairs(query: &[u8]) -> impl Iterator<Item = Pair<'_>> {
    query
        .split(|&byte| byte == b'&')
        .filter(|raw| !raw.is_empty())
        .map(|raw| {
            let (name, value) = match raw.iter().position(|&byte| byte == b'=') {
                Some(at) => (
                    raw.get(..at).unwrap_or_default(),
                    raw.get(at.saturating_add(1)..).unwrap_or_default(),
                ),
                None => (raw, &[][..]),
            };
            Pair { raw, name, value }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_parameters() {
        let pairs: Vec<_> = query_pairs(b"a=1&&b&api%6Bey=x+y&=z").collect();
        assert_eq!(pairs.len(), 4);
        assert!(pairs[1].is_named(b"b") && pairs[1].value.is_empty());
        assert!(pairs[2].is_named(b"apikey"));
        assert_eq!(&*pairs[2].decoded_value(), b"x y");
        assert_eq!((pairs[3].name, pairs[3].value), (&b""[..], &b"z"[..]));
    }
}
