//! Predicates: conditions on a request's method, headers and query.

use crate::http::{Headers, query_pairs};

/// The reason why a predicate is invalid. The operator has to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredicateError {
    /// Not a token (RFC 9110 §5.6.2), so it isn't a method or the name of a header. Pseudo-headers are invalid too.
    #[error("this is not a token: only letters, digits and !#$%&'*+-.^_`|~")]
    NotAToken,
    /// A query parameter without a name.
    #[error("the name is empty")]
    EmptyName,
}

fn token(text: &str) -> Result<(), PredicateError> {
    let part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !text.is_empty() && text.bytes().all(part) {
        Ok(())
    } else {
        Err(PredicateError::NotAToken)
    }
}

/// A request method. It is case-sensitive (RFC 9110 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method(Box<[u8]>);

impl Method {
    /// Reads a method.
    ///
    /// # Errors
    /// [`PredicateError::NotAToken`].
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        token(text)?;
        Ok(Self(text.as_bytes().into()))
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The condition on the value of a header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueMatch {
    /// It is present and has this value.
    Exact(Box<[u8]>),
    /// It is present with any value.
    Present,
    /// It is absent.
    Absent,
}

/// A condition on a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPredicate {
    name: Box<[u8]>,
    test: ValueMatch,
}

impl HeaderPredicate {
    /// `test` for the header `name`; case is ignored. Several values are combined with `,` and then compared
    /// (RFC 9110 §5.3).
    ///
    /// # Errors
    /// [`PredicateError::NotAToken`].
    pub fn new(name: &str, test: ValueMatch) -> Result<Self, PredicateError> {
        token(name)?;
        Ok(Self {
            name: name.to_ascii_lowercase().into_bytes().into(),
            test,
        })
    }

    /// Whether these headers match.
    #[must_use]
    pub fn matches(&self, headers: &Headers<'_>) -> bool {
        match &self.test {
            ValueMatch::Present => headers.first(&self.name).is_some(),
            ValueMatch::Absent => headers.first(&self.name).is_none(),
            ValueMatch::Exact(expected) => is_combined(headers, &self.name, expected),
        }
    }
}

/// Whether `expected` equals the values of `name`, combined with `,`. False where `name` is absent.
fn is_combined(headers: &Headers<'_>, name: &[u8], expected: &[u8]) -> bool {
    let mut values = headers.all(name);
    let first = values.next();
    let Some(mut rest) = first.and_then(|first| expected.strip_prefix(first)) else {
        return false;
    };
    for value in values {
        let after = rest.strip_prefix(b",");
        match after.and_then(|rest| rest.strip_prefix(value)) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.is_empty()
}

/// A condition on a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPredicate {
    name: Box<[u8]>,
    test: ValueMatch,
}

impl QueryPredicate {
    /// `test` for the parameter `name`, both decoded. [`ValueMatch::Exact`] needs exactly one occurrence.
    ///
    /// # Errors
    /// [`PredicateError::EmptyName`].
    pub fn new(name: &str, test: ValueMatch) -> Result<Self, PredicateError> {
        if name.is_empty() {
            return Err(PredicateError::EmptyName);
        }
        Ok(Self {
            name: name.as_bytes().into(),
            test,
        })
    }

    /// Whether this query (without its `?`) matches.
    #[must_use]
    pub fn matches(&self, query: Option<&[u8]>) -> bool {
        let pairs = query_pairs(query.unwrap_or_default());
        let mut named = pairs.filter(|pair| pair.is_named(&self.name));
        let first = named.next();
        match &self.test {
            ValueMatch::Present => first.is_some(),
            ValueMatch::Absent => first.is_none(),
            ValueMatch::Exact(expected) => {
                let equal = first.is_some_and(|pair| *pair.decoded_value() == **expected);
                equal && named.next().is_none()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::HeaderMap;

    fn exact(value: &str) -> ValueMatch {
        ValueMatch::Exact(value.as_bytes().into())
    }

    #[test]
    fn matches_headers() {
        let map = HeaderMap::from_pairs(&[
            ("one", "1"),
            ("two", "a"),
            ("two", "b"),
            ("none", ""),
            ("list", "a,b"),
        ]);
        for (name, test, expected) in [
            ("One", exact("1"), true),
            ("one", exact("1,"), false),
            ("one", exact(""), false),
            ("two", exact("a"), false),
            ("two", exact("a,b"), true),
            ("two", exact("ab"), false),
            ("two", exact("a,b,c"), false),
            ("list", exact("a,b"), true),
            ("none", exact(""), true),
            ("three", exact(""), false),
            ("none", ValueMatch::Present, true),
            ("three", ValueMatch::Present, false),
            ("none", ValueMatch::Absent, false),
            ("three", ValueMatch::Absent, true),
        ] {
            let predicate = HeaderPredicate::new(name, test).unwrap();
            assert_eq!(predicate.matches(&map.view()), expected, "{predicate:?}");
        }
    }

    #[test]
    fn matches_query_parameters() {
        let query = Some(&b"a=1&b=x+y%26&c&d=1&d=1&%65=2"[..]);
        for (name, test, expected) in [
            ("a", exact("1"), true),
            ("A", exact("1"), false),
            ("b", exact("x y&"), true),
            ("c", exact(""), true),
            ("d", exact("1"), false),
            ("d", ValueMatch::Present, true),
            ("e", exact("2"), true),
            ("e", ValueMatch::Absent, false),
            ("f", ValueMatch::Absent, true),
            ("f", exact(""), false),
        ] {
            let predicate = QueryPredicate::new(name, test).unwrap();
            assert_eq!(predicate.matches(query), expected, "{predicate:?}");
        }
        assert!(
            QueryPredicate::new("a", ValueMatch::Absent)
                .unwrap()
                .matches(None)
        );
    }

    #[test]
    fn refuses_invalid_names() {
        for text in ["", "a b", ":path", "é", "a\n"] {
            assert_eq!(
                Method::parse(text),
                Err(PredicateError::NotAToken),
                "{text}"
            );
            assert!(
                HeaderPredicate::new(text, ValueMatch::Present).is_err(),
                "{text}"
            );
        }
        assert!(QueryPredicate::new("", ValueMatch::Present).is_err());
    }
}
