//! Addresses, as they are written for `--cluster`.

use std::fmt;
use std::path::PathBuf;

use super::tls::Tls;

/// Where a request is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) target: Target,
    pub(super) tls: Option<Tls>,
}

/// The other end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A host and a port.
    Tcp(String, u16),
    /// A unix socket.
    Unix(PathBuf),
}

impl fmt::Display for Address {
    /// As it is written for `--cluster`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        match &self.target {
            Target::Tcp(host, port) if host.contains(':') => {
                write!(f, "{scheme}://[{host}]:{port}")
            }
            Target::Tcp(host, port) => write!(f, "{scheme}://{host}:{port}"),
            Target::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

impl Address {
    /// A host with a port, or with the usual one.
    pub(super) fn of_authority(authority: &str, is_secure: bool) -> Option<Self> {
        let usual = if is_secure { 443 } else { 80 };
        let (host, port) = match authority.strip_prefix('[') {
            Some(rest) => {
                let (host, after) = rest.split_once(']')?;
                let port = match after.strip_prefix(':') {
                    Some(port) => port.parse().ok()?,
                    None if after.is_empty() => usual,
                    None => return None,
                };
                (host, port)
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, port.parse().ok()?),
                None => (authority, usual),
            },
        };
        let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        if host.is_empty() || !host.bytes().all(is_fit) {
            return None;
        }
        Some(Self {
            target: Target::Tcp(host.to_owned(), port),
            tls: is_secure.then(|| Tls {
                name: host.to_owned(),
                authorities: None,
                client: None,
            }),
        })
    }
}

/// Parses `NAME=URL`.
pub(super) fn parse_cluster(text: &str) -> Result<(String, Address), String> {
    let expected = "expected NAME=http://HOST:PORT, NAME=https://HOST:PORT or NAME=unix:/PATH";
    // The name of a cluster in Istio has no `=`.
    let (name, url) = text.split_once('=').ok_or(expected)?;
    let address = if let Some(path) = url.strip_prefix("unix:") {
        let target = Target::Unix(path.into());
        path.starts_with('/')
            .then_some(Address { target, tls: None })
    } else if let Some(authority) = url.strip_prefix("http://") {
        Address::of_authority(authority.trim_end_matches('/'), false)
    } else if let Some(authority) = url.strip_prefix("https://") {
        Address::of_authority(authority.trim_end_matches('/'), true)
    } else {
        None
    };
    match address {
        Some(address) if !name.is_empty() => Ok((name.to_owned(), address)),
        _ => Err(expected.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_clusters() {
        for (text, expected) in [
            ("a=http://127.0.0.1:8848", Some("http://127.0.0.1:8848")),
            ("outbound|80||a.b=https://a.b/", Some("https://a.b:443")),
            ("a=http://[::1]", Some("http://[::1]:80")),
            ("a=unix:/run/x.sock", Some("unix:/run/x.sock")),
            ("a=unix:x.sock", None),
            ("a=http://b/c", None),
            ("a=http://b:x", None),
            ("a=ftp://b", None),
            ("a=b:80", None),
            ("=http://b", None),
            ("a", None),
        ] {
            let parsed = parse_cluster(text).ok();
            let shown = parsed.map(|(_, address)| address.to_string());
            assert_eq!(shown.as_deref(), expected, "{text}");
        }
    }
}
