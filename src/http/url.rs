//! Absolute URLs.

use super::Scheme;

/// The parts of an absolute URL of HTTP (RFC 9110 §4.2): without userinfo and without a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpUrl<'a> {
    /// Its scheme.
    pub scheme: Scheme,
    /// Its authority, as it is written.
    pub authority: &'a str,
    /// Its path with the query, as it is written; empty where there is none.
    pub path: &'a str,
}

/// Why a text is no such URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UrlError {
    /// It is longer than [`HttpUrl::MAX_BYTES`].
    #[error("is longer than {limit} bytes", limit = HttpUrl::MAX_BYTES)]
    TooLong,
    /// It has another scheme, or none.
    #[error("must begin with `https://` or `http://`")]
    Scheme,
    /// It holds a byte that a URL doesn't hold.
    #[error("holds the byte 0x{0:02x}: percent-encode it")]
    ForbiddenByte(u8),
    /// It has a userinfo.
    #[error("must hold no user name and no password")]
    UserInfo,
    /// It has a fragment.
    #[error("must hold no `#`")]
    Fragment,
    /// It has no host, or the host or the port is malformed.
    #[error("has no usable host and port")]
    Authority,
}

impl<'a> HttpUrl<'a> {
    /// The longest URL, in bytes.
    pub const MAX_BYTES: usize = 2048;

    /// Reads a URL.
    ///
    /// # Errors
    /// [`UrlError`].
    pub fn parse(text: &'a str) -> Result<Self, UrlError> {
        if text.len() > Self::MAX_BYTES {
            return Err(UrlError::TooLong);
        }
        if let Some(byte) = text.bytes().find(|byte| !byte.is_ascii_graphic()) {
            return Err(UrlError::ForbiddenByte(byte));
        }
        let (scheme, rest) = text.split_once("://").ok_or(UrlError::Scheme)?;
        let all = [Scheme::Http, Scheme::Https];
        let same = |known: &Scheme| scheme.eq_ignore_ascii_case(known.as_str());
        let scheme = all.into_iter().find(same).ok_or(UrlError::Scheme)?;
        if rest.contains('#') {
            return Err(UrlError::Fragment);
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(UrlError::Authority)?;
        if authority.contains('@') {
            return Err(UrlError::UserInfo);
        }
        Authority::parse(authority).ok_or(UrlError::Authority)?;
        Ok(Self {
            scheme,
            authority,
            path,
        })
    }

    /// Whether requests for it go to `authority`, which has the same scheme if it names no port.
    #[must_use]
    pub fn is_at(&self, authority: &str) -> bool {
        let (own, other) = (
            Authority::parse(self.authority),
            Authority::parse(authority),
        );
        let usual = self.scheme.default_port();
        own.zip(other).is_some_and(|(own, other)| {
            own.host.eq_ignore_ascii_case(other.host)
                && own.port.unwrap_or(usual) == other.port.unwrap_or(usual)
        })
    }

    /// The `:path` of a request for it.
    #[must_use]
    pub fn request_target(&self) -> String {
        let slash = if self.path.starts_with('/') { "" } else { "/" };
        [slash, self.path].concat()
    }
}

/// A host and a port (RFC 3986 §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authority<'a> {
    /// A name or an address; an IPv6 address with its brackets.
    pub host: &'a str,
    /// The port, if there is one.
    pub port: Option<u16>,
}

impl<'a> Authority<'a> {
    /// Reads `HOST` or `HOST:PORT`; `None` if it is something else. A userinfo is not read.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let end = if text.starts_with('[') {
            text.find(']')?.checked_add(1)?
        } else {
            text.find(':').unwrap_or(text.len())
        };
        let (host, port) = text.split_at_checked(end)?;
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(port_number(digits)?),
            None if port.is_empty() => None,
            None => return None,
        };
        is_host(host).then_some(Self { host, port })
    }
}

fn port_number(digits: &str) -> Option<u16> {
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
    let port = digits.parse().ok().filter(|port| *port != 0);
    port.filter(|_| is_number)
}

fn is_host(host: &str) -> bool {
    if let Some(address) = host.strip_prefix('[') {
        let address = address.strip_suffix(']').unwrap_or_default();
        return address.parse::<std::net::Ipv6Addr>().is_ok();
    }
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    !host.is_empty() && host.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_parts() {
        for (text, scheme, authority, path, target) in [
            ("https://id.example", Scheme::Https, "id.example", "", "/"),
            ("HTTP://id/", Scheme::Http, "id", "/", "/"),
            (
                "https://id:8443/a?b=/c",
                Scheme::Https,
                "id:8443",
                "/a?b=/c",
                "/a?b=/c",
            ),
            ("http://[::1]:80?q", Scheme::Http, "[::1]:80", "?q", "/?q"),
            (
                "http://10.0.0.1/a@b",
                Scheme::Http,
                "10.0.0.1",
                "/a@b",
                "/a@b",
            ),
        ] {
            let url = HttpUrl::parse(text).unwrap();
            assert_eq!(
                (url.scheme, url.authority, url.path),
                (scheme, authority, path)
            );
            assert_eq!(url.request_target(), target);
        }
    }

    #[test]
    fn refuses_other_texts() {
        let long = format!("https://id/{}", "x".repeat(HttpUrl::MAX_BYTES));
        for (text, error) in [
            ("", UrlError::Scheme),
            ("/jwks", UrlError::Scheme),
            ("ftp://id/", UrlError::Scheme),
            ("https:/id/", UrlError::Scheme),
            ("https://", UrlError::Authority),
            ("https:///jwks", UrlError::Authority),
            ("https://id:/", UrlError::Authority),
            ("https://id:0/", UrlError::Authority),
            ("https://id:+1/", UrlError::Authority),
            ("https://id:65536/", UrlError::Authority),
            ("https://[::1/", UrlError::Authority),
            ("https://[::1]1/", UrlError::Authority),
            ("https://[id]/", UrlError::Authority),
            ("https://i%64/", UrlError::Authority),
            ("https://id\\/", UrlError::Authority),
            ("https://a@id/", UrlError::UserInfo),
            ("https://a:b@id/", UrlError::UserInfo),
            ("https://id#a", UrlError::Fragment),
            ("https://id/a#", UrlError::Fragment),
            ("https://id/a b", UrlError::ForbiddenByte(b' ')),
            ("https://id/\n", UrlError::ForbiddenByte(b'\n')),
            ("https://\u{e9}/", UrlError::ForbiddenByte(0xc3)),
            (&long, UrlError::TooLong),
        ] {
            assert_eq!(HttpUrl::parse(text), Err(error), "{text}");
        }
    }

    #[test]
    fn compares_hosts_and_ports() {
        for (url, authority, same) in [
            ("https://id.example/", "ID.example", true),
            ("https://id.example/", "id.example:443", true),
            ("https://id.example:443/", "id.example", true),
            ("http://id.example/", "id.example:80", true),
            ("http://id.example/", "id.example:443", false),
            ("https://id.example:8443/", "id.example", false),
            ("https://id.example/", "id.example.", false),
            ("https://id.example/", "a.id.example", false),
            ("https://id.example/", "outbound|443||id.example", false),
            ("https://[::1]/", "[::1]", true),
        ] {
            let url = HttpUrl::parse(url).unwrap();
            assert_eq!(url.is_at(authority), same, "{url:?} {authority}");
        }
    }
}
