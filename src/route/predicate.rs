//! Predicates: conditions on a request's method, headers, query and cookies.

use std::borrow::Cow;

use crate::http::{Headers, cookies, query_pairs};
use crate::regex::{Pattern, TextTooLong};

/// The reason why a predicate is invalid. The operator has to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PredicateError {
    /// Not a token (RFC 9110 §5.6.2), so it isn't a method or the name of a header or a cookie. Pseudo-headers are invalid too.
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

/// It can't be told whether a regular expression matches: the text is longer than 8 KiB, or there are several values, and it
/// matches some of them. A request for which this decides is denied, because the rule might be meant for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclear;

/// The condition on the value of a header, a query parameter or a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueMatch {
    /// It is present and has this value.
    Exact(Box<[u8]>),
    /// It is present, and this expression matches somewhere in its value.
    Regex(Pattern),
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
    ///
    /// # Errors
    /// [`Unclear`].
    pub fn matches(&self, headers: &Headers<'_>) -> Result<bool, Unclear> {
        Ok(match &self.test {
            ValueMatch::Present => headers.first(&self.name).is_some(),
            ValueMatch::Absent => headers.first(&self.name).is_none(),
            ValueMatch::Exact(expected) => is_combined(headers, &self.name, expected),
            ValueMatch::Regex(pattern) => return is_found(headers, &self.name, pattern),
        })
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

/// Whether the expression matches in the values of `name`, combined with `,`.
#[inline(never)]
fn is_found(headers: &Headers<'_>, name: &[u8], pattern: &Pattern) -> Result<bool, Unclear> {
    let values: Vec<&[u8]> = headers.all(name).collect();
    if values.is_empty() {
        return Ok(false);
    }
    pattern
        .matches(&values.join(&b','))
        .map_err(|TextTooLong| Unclear)
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
    ///
    /// # Errors
    /// [`Unclear`].
    pub fn matches(&self, query: Option<&[u8]>) -> Result<bool, Unclear> {
        let pairs = query_pairs(query.unwrap_or_default());
        let named = pairs.filter(|pair| pair.is_named(&self.name));
        passes(&self.test, &mut named.map(|pair| pair.decoded_value()))
    }
}

/// A condition on a cookie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CookiePredicate {
    name: Box<[u8]>,
    test: ValueMatch,
}

impl CookiePredicate {
    /// `test` for the cookie `name`. [`ValueMatch::Exact`] needs exactly one occurrence.
    ///
    /// # Errors
    /// [`PredicateError::NotAToken`].
    pub fn new(name: &str, test: ValueMatch) -> Result<Self, PredicateError> {
        token(name)?;
        Ok(Self {
            name: name.as_bytes().into(),
            test,
        })
    }

    /// Whether the cookies in these headers match.
    ///
    /// # Errors
    /// [`Unclear`].
    pub fn matches(&self, headers: &Headers<'_>) -> Result<bool, Unclear> {
        let all = headers.all(b"cookie").flat_map(cookies);
        let named = all.filter(|(name, _)| **name == *self.name);
        passes(
            &self.test,
            &mut named.map(|(_, value)| Cow::Borrowed(value)),
        )
    }
}

/// Whether the values of one name pass. A server takes the first of several values, or the last, or all. So none of them is *the*
/// value, and an expression has to match all of them or none.
fn passes(
    test: &ValueMatch,
    values: &mut dyn Iterator<Item = Cow<'_, [u8]>>,
) -> Result<bool, Unclear> {
    let first = values.next();
    Ok(match (test, first) {
        (ValueMatch::Present, first) => first.is_some(),
        (ValueMatch::Absent, first) => first.is_none(),
        (ValueMatch::Exact(expected), Some(first)) => {
            *first == **expected && values.next().is_none()
        }
        (ValueMatch::Regex(pattern), Some(first)) => {
            let is_match = |value: &[u8]| pattern.matches(value).map_err(|TextTooLong| Unclear);
            let matches = is_match(&first)?;
            for value in values {
                if is_match(&value)? != matches {
                    return Err(Unclear);
                }
            }
            matches
        }
        (ValueMatch::Exact(_) | ValueMatch::Regex(_), None) => false,
    })
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
            assert_eq!(
                predicate.matches(&map.view()),
                Ok(expected),
                "{predicate:?}"
            );
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
            assert_eq!(predicate.matches(query), Ok(expected), "{predicate:?}");
        }
        let absent = QueryPredicate::new("a", ValueMatch::Absent).unwrap();
        assert_eq!(absent.matches(None), Ok(true));
    }

    fn regex(text: &str) -> ValueMatch {
        ValueMatch::Regex(Pattern::search(text).unwrap())
    }

    #[test]
    fn matches_cookies() {
        let map = HeaderMap::from_pairs(&[("cookie", "a=1; b=x; b=x"), ("Cookie", "c=1; c=2; d=")]);
        for (name, test, expected) in [
            ("a", exact("1"), true),
            ("A", exact("1"), false),
            ("b", exact("x"), false),
            ("c", exact("2"), false),
            ("d", exact(""), true),
            ("e", exact(""), false),
            ("b", ValueMatch::Present, true),
            ("c", ValueMatch::Absent, false),
            ("e", ValueMatch::Absent, true),
        ] {
            let predicate = CookiePredicate::new(name, test).unwrap();
            assert_eq!(
                predicate.matches(&map.view()),
                Ok(expected),
                "{predicate:?}"
            );
        }
    }

    #[test]
    fn expressions_need_all_values_or_none() {
        let long = "1".repeat(8193);
        let cookies = format!("a=1; b=1; b=11; c=1; c=2; l={long}");
        let map =
            HeaderMap::from_pairs(&[("cookie", &*cookies), ("h", "ab"), ("h", "c"), ("l", &long)]);
        for (name, pattern, expected) in [
            ("a", "^1$", Ok(true)),
            ("a", "2", Ok(false)),
            ("b", "^1", Ok(true)),
            ("b", "^1$", Err(Unclear)),
            ("c", "1", Err(Unclear)),
            ("c", "3", Ok(false)),
            ("l", "1", Err(Unclear)),
            ("z", "", Ok(false)),
        ] {
            let cookie = CookiePredicate::new(name, regex(pattern)).unwrap();
            assert_eq!(cookie.matches(&map.view()), expected, "{name} {pattern}");
            let query = QueryPredicate::new(name, regex(pattern)).unwrap();
            let text = cookies.replace("; ", "&");
            assert_eq!(
                query.matches(Some(text.as_bytes())),
                expected,
                "{name} {pattern}"
            );
        }
        for (name, pattern, expected) in [
            ("h", "^ab,c$", Ok(true)),
            ("H", "b$", Ok(false)),
            ("l", "", Err(Unclear)),
            ("z", "", Ok(false)),
        ] {
            let header = HeaderPredicate::new(name, regex(pattern)).unwrap();
            assert_eq!(header.matches(&map.view()), expected, "{name} {pattern}");
        }
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
        assert!(CookiePredicate::new("a b", ValueMatch::Present).is_err());
    }
}
