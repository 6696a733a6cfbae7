//! Attributes of `Set-Cookie` (RFC 6265 §4.1; `SameSite`: draft-ietf-httpbis-rfc6265bis §4.1.2.7).

use std::fmt;

/// Attributes that cookies of a response get.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CookieAttributes {
    /// `Secure`.
    pub secure: bool,
    /// `HttpOnly`.
    pub http_only: bool,
    /// The value of `SameSite`.
    pub same_site: Option<&'static str>,
    /// The cookies: names, and prefixes of names with a `*` at their end. All, where there are none.
    pub names: Box<[Box<[u8]>]>,
}

impl CookieAttributes {
    /// The value of a `Set-Cookie` field with the attributes; `None` where it isn't changed. An attribute that is there is
    /// replaced at its place, whatever its case; where it is repeated, the others go, because browsers take the last one.
    /// Everything else keeps its bytes.
    #[must_use]
    pub fn applied(&self, cookie: &[u8]) -> Option<Vec<u8>> {
        let mut parts = cookie.split(|byte| *byte == b';');
        let pair = parts.next()?;
        let name = pair.split(|byte| *byte == b'=').next()?;
        if !self.is_meant(name.trim_ascii()) {
            return None;
        }
        let mut missing = self.wanted();
        let wanted = missing.clone();
        let is = |part: &[u8], name: &str| {
            let own = part.split(|byte| *byte == b'=').next().unwrap_or_default();
            own.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
        };
        let mut new = pair.to_vec();
        for part in parts {
            if let Some(at) = missing.iter().position(|(name, _)| is(part, name)) {
                let (name, value) = missing.remove(at);
                write(&mut new, name, value);
            } else if !wanted.iter().any(|(name, _)| is(part, name))
                && !part.trim_ascii().is_empty()
            {
                new.push(b';');
                new.extend_from_slice(part);
            }
        }
        for (name, value) in missing {
            write(&mut new, name, value);
        }
        (new != cookie).then_some(new)
    }

    /// The names of the attributes, with their values.
    fn wanted(&self) -> Vec<(&'static str, &'static str)> {
        let mut wanted = Vec::with_capacity(3);
        if self.secure {
            wanted.push(("Secure", ""));
        }
        if self.http_only {
            wanted.push(("HttpOnly", ""));
        }
        if let Some(value) = self.same_site {
            wanted.push(("SameSite", value));
        }
        wanted
    }

    fn is_meant(&self, name: &[u8]) -> bool {
        self.names.is_empty()
            || self.names.iter().any(|wanted| match wanted.split_last() {
                Some((b'*', prefix)) => name.starts_with(prefix),
                _ => **wanted == *name,
            })
    }
}

/// As in a `Set-Cookie` field.
impl fmt::Display for CookieAttributes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = self.wanted().into_iter().map(|(name, value)| match value {
            "" => name.to_owned(),
            value => format!("{name}={value}"),
        });
        f.write_str(&all.collect::<Vec<_>>().join("; "))
    }
}

fn write(cookie: &mut Vec<u8>, name: &str, value: &str) {
    cookie.extend_from_slice(b"; ");
    cookie.extend_from_slice(name.as_bytes());
    if !value.is_empty() {
        cookie.push(b'=');
        cookie.extend_from_slice(value.as_bytes());
    }
}
