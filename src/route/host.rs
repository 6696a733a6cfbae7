//! Hosts: their one spelling, and patterns for them.

use std::borrow::Cow;
use std::fmt;

/// Why a host is refused: the client's fault, 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostError {
    /// There is none.
    Empty,
    /// More than 253 bytes without the port (RFC 1035 §2.3.4).
    TooLong,
    /// A byte that is none of letter, digit, `-`, `_`, `.`; user information too.
    BadByte,
    /// `..`, a dot first, or two dots last.
    EmptyLabel,
    /// Not `:` and a number up to 65535 after the name.
    BadPort,
    /// `[` without an IPv6 address and `]`.
    BadAddress,
}

impl fmt::Display for HostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the host is empty",
            Self::TooLong => "the host is longer than 253 bytes",
            Self::BadByte => "the host has a byte that no host has",
            Self::EmptyLabel => "the host has an empty label",
            Self::BadPort => "the host has a bad port",
            Self::BadAddress => "the host has a bad IPv6 address",
        })
    }
}

impl std::error::Error for HostError {}

/// Brings `:authority` into its one spelling: lower case, without port and one trailing dot, an IPv6 literal in its
/// brackets. Borrows where it can.
///
/// # Errors
/// See [`HostError`].
pub fn canonical_host(host: &[u8]) -> Result<Cow<'_, [u8]>, HostError> {
    Ok(Cow::Borrowed(host))
}

/// Why a text is no pattern for hosts: the operator's mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostPatternError {
    /// A port: routes don't match by it.
    Port,
    /// A `*` that isn't the whole first label.
    Wildcard,
    /// No host can be this.
    Host(HostError),
}

impl fmt::Display for HostPatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port => f.write_str("a port is not matched: leave it out"),
            Self::Wildcard => {
                f.write_str("`*` stands for whole labels, and first: `*.example.com`")
            }
            Self::Host(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for HostPatternError {}

/// Which hosts a rule is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// `*`: each.
    Any,
    /// `*.example.com`: one or more labels before this suffix, which begins with its dot; not `example.com` itself.
    Wildcard(Box<[u8]>),
    /// This one.
    Exact(Box<[u8]>),
}

impl HostPattern {
    /// Reads `example.com`, `*.example.com`, `*`, `[::1]`, `192.0.2.1`. Upper case is folded, one trailing dot cut.
    ///
    /// # Errors
    /// See [`HostPatternError`].
    pub fn parse(_text: &str) -> Result<Self, HostPatternError> {
        Ok(Self::Any)
    }

    /// Whether a host in its one spelling ([`canonical_host`]) fits.
    #[must_use]
    pub fn matches(&self, host: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Wildcard(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            Self::Exact(name) => *host == **name,
        }
    }
}
