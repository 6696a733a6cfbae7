//! The canonical form of hosts, and patterns for hosts.

use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The reason why a host is refused. It is the client's error: 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostError {
    /// The host is empty.
    #[error("the host is empty")]
    Empty,
    /// More than 253 bytes without the port (RFC 1035 §2.3.4).
    #[error("the host is longer than 253 bytes")]
    TooLong,
    /// A byte other than letters, digits, `-`, `_` and `.`, as in user information.
    #[error("the host has an invalid byte")]
    BadByte,
    /// `..`, a dot at the start, or two dots at the end.
    #[error("the host has an empty label")]
    EmptyLabel,
    /// The text after the name is neither `:` alone nor `:` and a number up to 65535.
    #[error("the host has an invalid port")]
    BadPort,
    /// `[` without an IPv6 address and `]`.
    #[error("the host has an invalid IPv6 address")]
    BadAddress,
}

/// The canonical form of `:authority`: lower case, without port and without one trailing dot; an IPv6 literal keeps its
/// brackets. Borrows where it can.
///
/// # Errors
/// See [`HostError`].
pub fn canonical_host(host: &[u8]) -> Result<Cow<'_, [u8]>, HostError> {
    if is_plain(host) {
        Ok(Cow::Borrowed(host))
    } else {
        respelt(host)
    }
}

/// The same for a host that needs changes.
#[inline(never)]
fn respelt(host: &[u8]) -> Result<Cow<'_, [u8]>, HostError> {
    let name = without_port(host)?;
    if name.is_empty() {
        return Err(HostError::Empty);
    }
    if name.first() == Some(&b'[') {
        check_address(name)?;
    } else {
        check_name(name)?;
    }
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.len() > LONGEST {
        return Err(HostError::TooLong);
    }
    if name.iter().any(u8::is_ascii_uppercase) {
        Ok(Cow::Owned(name.to_ascii_lowercase()))
    } else {
        Ok(Cow::Borrowed(name))
    }
}

/// The bytes of names in lower case, without the dot.
#[expect(
    clippy::indexing_slicing,
    reason = "the compiler evaluates it and reports an index out of bounds"
)]
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x7f {
        plain[byte as usize] = matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_');
        byte += 1;
    }
    plain
};

/// Whether the host is a name in lower case, without port and trailing dot. This is the usual case.
fn is_plain(host: &[u8]) -> bool {
    let mut border = true;
    for &byte in host {
        if PLAIN.get(usize::from(byte)) == Some(&true) {
            border = false;
        } else if border || byte != b'.' {
            return false;
        } else {
            border = true;
        }
    }
    !border && host.len() <= LONGEST
}

/// The maximum length of a host name, without its trailing dot.
const LONGEST: usize = 253;

/// The host without its port, which may be empty (RFC 3986 §3.2.3).
fn without_port(host: &[u8]) -> Result<&[u8], HostError> {
    // The colons of an address are before its `]`.
    let named = host.iter().rposition(|&byte| byte == b']').unwrap_or(0);
    let after = host.get(named..).unwrap_or_default();
    let Some(colon) = after.iter().position(|&byte| byte == b':') else {
        return Ok(host);
    };
    let (name, port) = host
        .split_at_checked(named.saturating_add(colon))
        .unwrap_or_default();
    let digits = port.get(1..).unwrap_or_default();
    let number = digits.iter().try_fold(0_u32, |sum, byte| {
        let digit = char::from(*byte).to_digit(10)?;
        let sum = sum.saturating_mul(10).saturating_add(digit);
        (sum <= 65_535).then_some(sum)
    });
    if number.is_none() {
        return Err(HostError::BadPort);
    }
    Ok(name)
}

fn check_name(name: &[u8]) -> Result<(), HostError> {
    if name == b"." {
        return Err(HostError::EmptyLabel);
    }
    let mut label_began = false;
    for &byte in name {
        match byte {
            b'.' if label_began => label_began = false,
            b'.' => return Err(HostError::EmptyLabel),
            b'-' | b'_' => label_began = true,
            _ if byte.is_ascii_alphanumeric() => label_began = true,
            _ => return Err(HostError::BadByte),
        }
    }
    Ok(())
}

fn check_address(name: &[u8]) -> Result<(), HostError> {
    let inner = name
        .strip_prefix(b"[")
        .and_then(|name| name.strip_suffix(b"]"));
    let text = inner.and_then(|inner| std::str::from_utf8(inner).ok());
    match text.map(str::parse::<Ipv6Addr>) {
        Some(Ok(_)) => Ok(()),
        _ => Err(HostError::BadAddress),
    }
}

/// The reason why a text isn't a pattern for hosts. The operator has to correct it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostPatternError {
    /// It has a port. Routes don't match by port.
    #[error("a host pattern has no port: remove it")]
    Port,
    /// It has a `*` that isn't the whole first label.
    #[error("`*` is only valid as the whole first label: `*.example.com`")]
    Wildcard,
    /// It isn't a valid host.
    #[error("{0}")]
    Host(HostError),
}

/// The hosts that a rule matches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum HostPattern {
    /// `*`: all hosts.
    Any,
    /// `*.example.com`: one or more labels before this suffix. The suffix begins with its dot. `example.com` doesn't match.
    Wildcard(Box<[u8]>),
    /// This host.
    Exact(Box<[u8]>),
}

impl HostPattern {
    /// Reads `example.com`, `*.example.com`, `*`, `[::1]`, `192.0.2.1`. Upper case becomes lower case, one trailing dot is
    /// removed.
    ///
    /// # Errors
    /// See [`HostPatternError`].
    pub fn parse(text: &str) -> Result<Self, HostPatternError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let (wild, name) = match text.strip_prefix("*.") {
            Some(name) => (true, name),
            None => (false, text),
        };
        if name.contains('*') || (wild && name.starts_with('[')) {
            return Err(HostPatternError::Wildcard);
        }
        if without_port(name.as_bytes()) != Ok(name.as_bytes()) {
            return Err(HostPatternError::Port);
        }
        let name = canonical_host(name.as_bytes()).map_err(HostPatternError::Host)?;
        Ok(if wild {
            Self::Wildcard([b".", &*name].concat().into())
        } else {
            Self::Exact(name.into_owned().into())
        })
    }

    /// Whether a canonical host ([`canonical_host`]) matches.
    #[must_use]
    pub fn matches(&self, host: &[u8]) -> bool {
        match self {
            Self::Any => true,
            Self::Wildcard(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
            Self::Exact(name) => *host == **name,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canonicalises_hosts() {
        let long = "a".repeat(253);
        for (host, expected) in [
            ("api.example.com", Ok("api.example.com")),
            ("API.Example.com.:8080", Ok("api.example.com")),
            ("a_b-c:0", Ok("a_b-c")),
            ("192.0.2.1:65535", Ok("192.0.2.1")),
            ("[::1]", Ok("[::1]")),
            ("[2001:DB8::1]:80", Ok("[2001:db8::1]")),
            (&long, Ok(&*long)),
            (&format!("{long}.:1"), Ok(&*long)),
            (&format!("{long}a"), Err(HostError::TooLong)),
            ("", Err(HostError::Empty)),
            (":80", Err(HostError::Empty)),
            (".", Err(HostError::EmptyLabel)),
            (".a", Err(HostError::EmptyLabel)),
            ("a..b", Err(HostError::EmptyLabel)),
            ("a..", Err(HostError::EmptyLabel)),
            ("a:", Ok("a")),
            ("A.:", Ok("a")),
            (":", Err(HostError::Empty)),
            ("a::", Err(HostError::BadPort)),
            ("a:x", Err(HostError::BadPort)),
            ("a:+1", Err(HostError::BadPort)),
            ("a:1:2", Err(HostError::BadPort)),
            ("a:65536", Err(HostError::BadPort)),
            ("::1", Err(HostError::BadPort)),
            ("[::1]:", Ok("[::1]")),
            ("[::1]::", Err(HostError::BadPort)),
            ("user@a", Err(HostError::BadByte)),
            ("a b", Err(HostError::BadByte)),
            ("a/b", Err(HostError::BadByte)),
            ("a%62", Err(HostError::BadByte)),
            ("é", Err(HostError::BadByte)),
            ("a,b", Err(HostError::BadByte)),
            ("*.a", Err(HostError::BadByte)),
            ("a]", Err(HostError::BadByte)),
            ("[::1", Err(HostError::BadPort)),
            ("[::", Err(HostError::BadPort)),
            ("[:", Err(HostError::BadAddress)),
            ("[]", Err(HostError::BadAddress)),
            ("[::1].", Err(HostError::BadAddress)),
            ("[::1]a:80", Err(HostError::BadAddress)),
            ("[a.b]", Err(HostError::BadAddress)),
            ("[fe80::1%25eth0]", Err(HostError::BadAddress)),
        ] {
            let spelt = canonical_host(host.as_bytes());
            assert_eq!(
                spelt.as_deref(),
                expected.as_ref().map(|host| host.as_bytes()),
                "{host}"
            );
        }
    }

    #[test]
    fn copies_only_what_changes() {
        assert!(matches!(
            canonical_host(b"a.b.:80"),
            Ok(Cow::Borrowed(b"a.b"))
        ));
    }

    #[test]
    fn matches_hosts() {
        for (pattern, host, expected) in [
            ("*", "a", true),
            ("Example.COM.", "example.com", true),
            ("example.com", "a.example.com", false),
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "b.a.example.com", true),
            ("*.example.com", "example.com", false),
            ("*.example.com", "aexample.com", false),
            ("[::1]", "[::1]", true),
        ] {
            let parsed = HostPattern::parse(pattern).unwrap();
            assert_eq!(
                parsed.matches(host.as_bytes()),
                expected,
                "{pattern} {host}"
            );
        }
    }

    #[test]
    fn refuses_invalid_patterns() {
        for (pattern, expected) in [
            ("", HostPatternError::Host(HostError::Empty)),
            ("*.", HostPatternError::Host(HostError::Empty)),
            ("a:80", HostPatternError::Port),
            ("[::1]:80", HostPatternError::Port),
            ("a:", HostPatternError::Port),
            ("**", HostPatternError::Wildcard),
            ("*a.b", HostPatternError::Wildcard),
            ("a.*.b", HostPatternError::Wildcard),
            ("*.*.b", HostPatternError::Wildcard),
            ("*.[::1]", HostPatternError::Wildcard),
            ("a/b", HostPatternError::Host(HostError::BadByte)),
            ("a..b", HostPatternError::Host(HostError::EmptyLabel)),
        ] {
            assert_eq!(HostPattern::parse(pattern), Err(expected), "{pattern}");
        }
    }
}
