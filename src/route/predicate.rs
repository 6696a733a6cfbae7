//! Predicates: conditions on a request's head beside host and path.

use std::fmt;

use crate::http::Headers;

/// Why a predicate is none: the operator's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredicateError {
    /// No token (RFC 9110 §5.6.2), so no method and no header has this name; a pseudo-header neither.
    NotAToken,
    /// A query parameter without a name.
    EmptyName,
}

impl fmt::Display for PredicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAToken => "this is no token: letters, digits and !#$%&'*+-.^_`|~",
            Self::EmptyName => "the name is empty",
        })
    }
}

impl std::error::Error for PredicateError {}

/// A request method, upper and lower case apart (RFC 9110 §9.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Method(Box<[u8]>);

impl Method {
    /// Reads a method.
    ///
    /// # Errors
    /// [`PredicateError::NotAToken`].
    pub fn parse(text: &str) -> Result<Self, PredicateError> {
        Ok(Self(text.as_bytes().into()))
    }

    /// Its bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// What is asked of a header or a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Test {
    /// It is there and has this value.
    Exact(Box<[u8]>),
    /// It is there, whatever its value.
    Present,
    /// It isn't there.
    Absent,
}

/// A condition on a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderPredicate {
    name: Box<[u8]>,
    test: Test,
}

impl HeaderPredicate {
    /// `test` for the header `name`, in any case. Several values compare as they combine: with `,` between them
    /// (RFC 9110 §5.3).
    ///
    /// # Errors
    /// [`PredicateError::NotAToken`].
    pub fn new(name: &str, test: Test) -> Result<Self, PredicateError> {
        Ok(Self {
            name: name.to_ascii_lowercase().into_bytes().into(),
            test,
        })
    }

    /// The header's name, lower case.
    #[must_use]
    pub const fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether these headers fit.
    #[must_use]
    pub fn matches(&self, _headers: Headers<'_>) -> bool {
        let _ = &self.test;
        false
    }
}

/// A condition on a query parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryPredicate {
    name: Box<[u8]>,
    test: Test,
}

impl QueryPredicate {
    /// `test` for the parameter `name`, both decoded. [`Test::Exact`] wants exactly one occurrence.
    ///
    /// # Errors
    /// [`PredicateError::EmptyName`].
    pub fn new(name: &str, test: Test) -> Result<Self, PredicateError> {
        Ok(Self {
            name: name.as_bytes().into(),
            test,
        })
    }

    /// The parameter's name, decoded.
    #[must_use]
    pub const fn name(&self) -> &[u8] {
        &self.name
    }

    /// Whether this query fits (without its `?`).
    #[must_use]
    pub fn matches(&self, _query: Option<&[u8]>) -> bool {
        let _ = &self.test;
        false
    }
}
